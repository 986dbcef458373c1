"""Logs: lines for people, or JSON lines for machines; each knows the request in which it was written."""

import logging
from contextvars import ContextVar
from typing import Any

# What uvicorn and logging add to a record for lines on a terminal.
NOT_TOLD = ("color_message", "message", "asctime")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class WithRequest(logging.Filter):
    """Lets every record through, and adds the id of the request that is being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id."""
        record.request_id = request_id.get()
        return True


def log_config(log_format: str) -> dict[str, Any]:
    """Return the configuration of `logging`, for uvicorn's loggers and ours: everything goes to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"with_request": {"()": WithRequest}},
        "formatters": {
            "text": {"()": "uvicorn.logging.DefaultFormatter", "fmt": "%(levelprefix)s %(message)s"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(levelname)s %(name)s %(message)s %(request_id)s",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
                "reserved_attrs": [*logging.makeLogRecord({}).__dict__, *NOT_TOLD],
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": log_format,
                "filters": ["with_request"],
            }
        },
        "loggers": {
            name: {"handlers": ["stderr"], "level": "INFO", "propagate": False} for name in ("uvicorn", "api")
        },
    }
