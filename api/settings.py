"""The settings of the service: made once, by `api.__main__`, and handed down."""

from dataclasses import dataclass
from pathlib import Path

# The environment variable that names the folder in which several processes add their metrics up;
# prometheus_client looks at it when it is loaded.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True)
class Settings:
    """What `python -m api` can be told; the options there say what each means."""

    output: Path = Path("output")
    host: str = "127.0.0.1"
    port: int = 5000
    root_path: str = ""
    workers: int = 1
    log_format: str = "text"
    access_log: bool = False
    api_keys: tuple[str, ...] = ()
    api_keys_file: Path | None = None
    public: tuple[str, ...] = ("health", "docs")
    page: bool = True
    cors_origins: tuple[str, ...] = ()
    keep_alive_seconds: int = 75
    shutdown_seconds: int = 10
