# The mock in a container: no root, no compiler, no need to write. All packages are pinned, with
# hashes, by requirements.lock. See docs/guides/containers.md.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m pip download --no-cache-dir --only-binary :all: --require-hashes --dest wheels --requirement requirements.lock
COPY mockserver mockserver
COPY contract_tests contract_tests
COPY spec spec
COPY fixtures fixtures
COPY docs/guides docs/guides
RUN python -m pip wheel --no-deps --no-index --find-links wheels --wheel-dir wheels .
RUN python -m venv /opt/mock
RUN /opt/mock/bin/pip install --no-index --find-links wheels alterlab-billing-mock
RUN /opt/mock/bin/pip uninstall --yes pip setuptools

FROM python:3.12-slim
COPY --from=build /opt/mock /opt/mock
ENV PATH=/opt/mock/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["mockserver", "control", "--all", "http://127.0.0.1:8080", "health"]
ENTRYPOINT ["mockserver", "serve", "--host", "0.0.0.0", "--port", "8080"]
