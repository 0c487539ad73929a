# build: the wheel and its pinned dependencies in one virtual environment.
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv /opt/bridge \
 && /opt/bridge/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY requirements/dev.txt requirements/dev.txt
RUN python -m venv /opt/tools \
 && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements/dev.txt
COPY pyproject.toml README.md ./
COPY src/ src/
COPY adapters/ adapters/
COPY schemas/ schemas/
COPY config/ config/
RUN /opt/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/bridge/bin/pip install --no-cache-dir --no-deps /dist/*.whl

# runtime: no compiler, no root, one folder to keep.
FROM python:3.12-slim-bookworm AS runtime
RUN useradd --system --uid 10001 --home-dir /var/lib/mobility-bridge --create-home bridge
COPY --from=build /opt/bridge /opt/bridge
ENV PATH=/opt/bridge/bin:$PATH \
    MOBILITY_BRIDGE_CONFIG=/etc/mobility-bridge/mobility-bridge.toml \
    PYTHONUNBUFFERED=1
USER bridge
WORKDIR /var/lib/mobility-bridge
VOLUME /var/lib/mobility-bridge
# Healthy: the configuration holds, the store answers and has this version's schema.
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s CMD ["mobility-bridge", "db", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["mobility-bridge"]
CMD ["run"]

# sandbox: plays the outside world; for trying things out, never for production.
FROM runtime AS sandbox
EXPOSE 8443
CMD ["sandbox", "run", "--dir", "/var/lib/mobility-bridge/sandbox", "--port", "8443"]
