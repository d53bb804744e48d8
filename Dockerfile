# The image is wharf's static binary and nothing else: no shell, no packages, no root.
#
#   docker build -t wharf .
#   docker run -p 127.0.0.1:9083:9083 -v wharf-data:/data \
#     -v /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" wharf
#
# The socket belongs to root and a group, on most machines `docker`: --group-add lets wharf in. Who can
# talk to the socket is root on that machine, so this keeps wharf's own mistakes small, no more.
# A socket that is root's alone needs --user 0.

# The page: static files, which the binary embeds.
FROM node:22-slim AS page
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts
COPY web .
RUN node build.mjs

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=page /web/dist web/dist
ARG VERSION=dev
RUN make build WEB=built VERSION="$VERSION"

# A test builds what follows from a binary at hand (dockerx/dockertest/image_test.go).
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/bin/wharf /
# Owned by wharf's user, so that a new volume on /data is, too.
COPY --chown=65532:65532 deploy/data /data
ENV LISTEN_ADDR=0.0.0.0:9083 DATA_DIR=/data
WORKDIR /data
VOLUME /data
EXPOSE 9083
USER 65532:65532
ENTRYPOINT ["/wharf"]
