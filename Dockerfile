# Andon as a container: its own packages and its build in one stage each, so that compiler and tests stay behind.
#
#   docker build -t andon .
#   docker run --read-only --cap-drop ALL -v andon:/var/lib/andon andon run --simulate 3
#
# `node deploy/check.mjs` carries these steps out by hand, where there is no container engine.
ARG NODE=20.20.2

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without scripts: `prepare` builds, and the sources come after the packages, so that these are kept while those change.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:${NODE}-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:${NODE}-bookworm-slim
LABEL org.opencontainers.image.title="Andon" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /opt/andon
COPY package.json LICENSE ./
COPY schemas schemas
COPY deploy/probe.mjs deploy/probe.mjs
COPY --from=packages /packages/node_modules node_modules
COPY --from=build /build/dist dist
# The only place that is written to: all else may be mounted read-only.
RUN install -d -o 1000 -g 1000 -m 750 /var/lib/andon
ENV NODE_ENV=production ANDON_DATADIRECTORY=/var/lib/andon
VOLUME /var/lib/andon
EXPOSE 9464
USER 1000:1000
# Whether to restart it. A standby lives and is not ready, so who starts roles asks for more (docs/operations.md).
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["node", "deploy/probe.mjs", "live"]
# Node is process 1: SIGTERM drains and saves, which takes up to 15 seconds.
ENTRYPOINT ["node", "dist/command/andon.js"]
CMD ["run"]
