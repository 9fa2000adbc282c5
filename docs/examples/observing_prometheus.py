from prometheus_client import Counter, Gauge, Histogram

from flask_ipernity import api_called, media_sent, media_started

CALLS = Counter("ipernity_calls", "API calls", ["method", "source", "error"])
CALL_SECONDS = Histogram("ipernity_call_seconds", "How long callers waited", ["source"])
FILES = Counter("ipernity_files", "Files asked for", ["label", "status", "error"])
FILE_SECONDS = Histogram("ipernity_file_seconds", "From the request to the last byte")
FILE_BYTES = Counter("ipernity_file_bytes", "Bytes passed on to visitors")
FILES_OPEN = Gauge("ipernity_files_open", "Files on their way", multiprocess_mode="livesum")


def observe(app):
    @api_called.connect_via(app)
    def call_ended(app, call, **extra):
        CALLS.labels(call.method, call.cache, call.error or "").inc()
        CALL_SECONDS.labels(call.cache).observe(call.seconds)

    @media_started.connect_via(app)
    def file_started(app, transfer, **extra):
        FILES_OPEN.inc()

    @media_sent.connect_via(app)
    def file_sent(app, transfer, **extra):
        FILES_OPEN.dec()
        FILES.labels(transfer.label, str(transfer.status), transfer.error or "").inc()
        FILE_SECONDS.observe(transfer.seconds)
        FILE_BYTES.inc(transfer.bytes)
