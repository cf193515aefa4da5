# One image for the dashboard, the workers, beat and Flower: the same code and the same lock, and
# the command tells what a container is. A second one, `browser`, has a browser too.

FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/kumo
WORKDIR /app
# The packages first: they change less often than the code, and their layer is kept.
COPY requirements.lock ./
RUN /opt/kumo/bin/pip install --require-hashes --no-deps -r requirements.lock
# All that is not code: the project's description is made from it.
COPY pyproject.toml README.md LICENSE ./
COPY orchestrator orchestrator
COPY spiders_project spiders_project
COPY dashboard dashboard
COPY demo demo
RUN /opt/kumo/bin/pip install --no-deps --no-build-isolation --editable .

# With what a worker of the queue `browser` needs beside them.
FROM packages AS browser-packages
COPY requirements-browser.lock ./
RUN /opt/kumo/bin/pip install --require-hashes --no-deps -r requirements-browser.lock

FROM python:3.11-slim AS kumo
ENV PATH=/opt/kumo/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The code belongs to root, so that what runs it cannot change it.
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent kumo
COPY --from=packages /opt/kumo /opt/kumo
COPY --from=packages /app /app
COPY scrapy.cfg /app/
COPY deploy/answers.py deploy/beat_is_alive.py /app/deploy/
WORKDIR /app
# By number, since Kubernetes cannot see from a name that it is not root.
USER 10001
EXPOSE 8000
# It is about the dashboard; docker-compose.yml has one for each other service.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "deploy/answers.py", "http://127.0.0.1:8000/healthz"]
CMD ["python", "-m", "gunicorn", "--bind", "0.0.0.0:8000", \
    "--worker-class", "gthread", "--workers", "1", "--threads", "16", \
    "--keep-alive", "75", "--graceful-timeout", "2", "--access-logfile", "-", \
    "--logger-class", "dashboard.access_log.AccessLog", \
    "--no-control-socket", "dashboard.wsgi:app"]

FROM kumo AS browser
USER 0
# Any Chromium does that Debian has now; the one of a year ago has known holes. The other is what
# Playwright's driver, a program of its own, is linked with.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends chromium libatomic1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=browser-packages /opt/kumo /opt/kumo
USER 10001

# The one without a browser, unless somebody asks for another.
FROM kumo
