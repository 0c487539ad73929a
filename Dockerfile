# build: the wheel and its pinned dependencies in one virtual environment.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
RUN apt-get update -q && apt-get install -y -q --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements/runtime.txt requirements/dev.txt requirements/
RUN python -m venv /opt/bridge \
 && /opt/bridge/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
RUN python -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements/dev.txt
COPY pyproject.toml hatch_build.py README.md ./
COPY src/ src/
COPY adapters/ adapters/
COPY schemas/ schemas/
COPY config/ config/
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/bridge/bin/pip install --no-cache-dir --no-deps /dist/*.whl

# base: no compiler, no root, one folder to keep.
FROM python:3.12-slim-bookworm AS base
RUN useradd --system --uid 10001 --home-dir /var/lib/mobility-bridge --create-home bridge
COPY --from=build /opt/bridge /opt/bridge
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2
USER bridge
WORKDIR /var/lib/mobility-bridge
VOLUME /var/lib/mobility-bridge
STOPSIGNAL SIGTERM
ENTRYPOINT ["mobility-bridge"]

# sandbox: plays the outside world; for trying things out, never for production. It answers on this container's
# own localhost only, so the bridge that talks to it runs in here too: docker exec … mobility-bridge sync
FROM base AS sandbox
ENV MOBILITY_BRIDGE_CONFIG=/var/lib/mobility-bridge/sandbox/mobility-bridge.toml
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s CMD ["mobility-bridge", "sandbox", "status"]
CMD ["sandbox", "run", "--dir", "/var/lib/mobility-bridge/sandbox", "--port", "8443"]

# runtime: what `docker build` makes when no other target is named.
FROM base AS runtime
ENV MOBILITY_BRIDGE_CONFIG=/etc/mobility-bridge/mobility-bridge.toml
# Healthy: the configuration holds, the store answers, and the daemon has asked some system within the hour.
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s CMD ["mobility-bridge", "status", "--active-within", "3600"]
CMD ["run"]
