import logging

from flask_ipernity import api_called, media_sent

log = logging.getLogger("site.ipernity")


def observe(app):
    @api_called.connect_via(app)
    def call_ended(app, call, **extra):
        log.info(
            "%s: %s, %.0f ms, %d bytes, %d retries",
            call.method,
            call.error or call.cache,
            call.seconds * 1000,
            call.bytes,
            call.retries,
        )

    @media_sent.connect_via(app)
    def file_sent(app, transfer, **extra):
        log.info(
            "%s of %s: %s, %.0f ms, %d bytes%s",
            transfer.label,
            transfer.doc_id,
            transfer.error or transfer.status,
            transfer.seconds * 1000,
            transfer.bytes,
            "" if transfer.complete else ", incomplete",
        )
