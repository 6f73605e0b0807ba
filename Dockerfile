# One image for every process of podgate; docker-compose.yml gives each its command.
FROM python:3.13-slim AS build
COPY requirements-uv.txt requirements.txt /build/
RUN python -m pip install --no-cache-dir --require-hashes -r /build/requirements-uv.txt \
 && uv venv /opt/podgate \
 && uv pip install --no-cache --compile-bytecode --python /opt/podgate/bin/python --require-hashes -r /build/requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin podgate \
 && install -d -o podgate -m 0700 /state
COPY --from=build /opt/podgate /opt/podgate
WORKDIR /app
COPY manage.py ./
COPY console/ console/
COPY workloads/ workloads/
COPY services/ services/
COPY templates/ templates/
COPY static/ static/
# A crash in native code leaves every thread's stack in the log.
ENV PATH=/opt/podgate/bin:$PATH PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1 PYTHONDONTWRITEBYTECODE=1 PODGATE_STATIC=/app/staticfiles
# Compiled here: processes and health checks start in a second, on a file system that is read-only.
# The settings insist on keys and addresses; nothing of these stays in the image.
RUN python -m compileall -q console workloads services manage.py \
 && PODGATE_SECRET_KEY=build PODGATE_ENCRYPTION_KEYS=build DATABASE_URL=sqlite:////tmp/none \
    REDIS_URL=redis://none python manage.py collectstatic --noinput --verbosity 0
ENV PODGATE_PRODUCTION=1
USER podgate
EXPOSE 8000
CMD ["python", "-m", "console.serve", "--host", "0.0.0.0", "--port", "8000"]
