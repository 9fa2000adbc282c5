"""A token store in a database, with SQLAlchemy."""

import os
from time import time
from typing import Any

from flask import Flask
from sqlalchemy import JSON, BigInteger, Engine, String, create_engine, delete
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required


class Base(DeclarativeBase):
    pass


class Record(Base):
    __tablename__ = "ipernity_token"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


class DatabaseTokens:
    def __init__(self, engine: Engine) -> None:
        self._session = sessionmaker(engine)

    def get(self, key: str) -> dict[str, Any] | None:
        with self._session() as session:
            record = session.get(Record, key)
            return record.value if record and record.expires_at > time() else None

    def set(self, key: str, value: dict[str, Any], max_age: int) -> None:
        now = int(time())
        with self._session.begin() as session:
            session.execute(delete(Record).where(Record.expires_at <= now))
            session.merge(Record(key=key, value=value, expires_at=now + max_age))

    def delete(self, key: str) -> None:
        with self._session.begin() as session:
            session.execute(delete(Record).where(Record.key == key))


engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///tokens.sqlite"))
Base.metadata.create_all(engine)

app = Flask(__name__)
app.config["SECRET_KEY"] = "change me"
app.config["IPERNITY_TOKEN_STORE"] = DatabaseTokens(engine)
app.config.from_prefixed_env()  # FLASK_IPERNITY_APP_KEY and so on
Ipernity(app)


@app.get("/")
@ipernity_auth_required()
def home() -> str:
    user = ipernity.api.user_info
    return f"Hello {user['username']}" if user else "Hello"
