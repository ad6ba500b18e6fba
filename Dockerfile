# syntax=docker/dockerfile:1
# Debian's own nginx with the module: built against the very package that the final image installs.

ARG DEBIAN=bookworm
ARG RUST=1.95

FROM rust:${RUST}-slim-${DEBIAN} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        gcc libc6-dev make pkg-config libssl-dev zlib1g-dev libpcre2-dev libclang-dev nginx nginx-dev unzip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /postern
COPY . .
# The repository is no part of what is copied; `--build-arg COMMIT=$(git rev-parse --short=12 HEAD)` tells where it is from.
ARG COMMIT=
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/postern/target \
    POSTERN_COMMIT="$COMMIT" scripts/module.sh /usr/sbin/nginx /out/ngx_http_postern_module.so \
    && strip --strip-unneeded /out/ngx_http_postern_module.so \
    && chmod 644 /out/ngx_http_postern_module.so \
    && scripts/viewer.sh /out/docs

# Applies migrations/ to DATABASE_URL and ends: `docker run … migrate`.
FROM debian:${DEBIAN}-slim AS migrate
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /postern
COPY scripts/lib.sh scripts/migrate.sh scripts/authenticator-dsn.sh scripts/
COPY migrations migrations
# www-data, by number, so that whoever runs the image sees that it is not root.
USER 33:33
ENTRYPOINT ["scripts/migrate.sh"]

FROM debian:${DEBIAN}-slim AS serve
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default \
    && mkdir -p /run/postern && chown 33:33 /run/postern
COPY --from=build /out/ngx_http_postern_module.so /usr/lib/nginx/modules/
COPY nginx-conf /etc/postern
COPY --from=build /out/docs /etc/postern/docs
# A module that does not fit this nginx shall fail here and not in production.
RUN printf 'load_module /usr/lib/nginx/modules/ngx_http_postern_module.so;\npid /run/postern/nginx.pid;\nevents {}\n' >/tmp/load.conf \
    && nginx -t -e stderr -c /tmp/load.conf \
    && rm /tmp/load.conf
USER 33:33
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["nginx", "-e", "stderr", "-c", "/etc/postern/container.conf", "-g", "daemon off;"]
