# Images: `docker build --target batch .` is the nightly job, `docker build --target api .` the service, and
# `docker build --target spark .` the job with Apache Spark: driver, master and workers.

FROM python:3.12.8-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN useradd --uid 10001 --user-group --no-create-home app
RUN install -d -o app -g app data output

FROM base AS batch
COPY requirements.txt requirements-api.txt ./
RUN pip install -r requirements.txt
COPY sql/ sql/
COPY batch/ batch/
USER app
# A new volume at /app/data begins with the sample movies; a folder of yours takes their place.
RUN python -m batch fetch sample
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "batch"]
CMD ["run"]

FROM batch AS spark
USER root
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps && rm -rf /var/lib/apt/lists/*
COPY requirements-spark.txt ./
RUN pip install -r requirements-spark.txt
# Compiled code is kept for the next process of a worker.
ENV NUMBA_CACHE_DIR=/tmp/numba
USER app

FROM base AS api
COPY requirements-api.txt ./
RUN pip install -r requirements-api.txt
COPY sql/__init__.py sql/ids.py sql/
COPY sql/lookups/ sql/lookups/
COPY sql/page/ sql/page/
COPY api/ api/
USER app
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "api"]
CMD ["--host", "0.0.0.0"]
