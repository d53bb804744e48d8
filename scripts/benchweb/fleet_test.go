package benchweb

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"
	"time"

	"wharf/dockerx/dockertest"
)

// demo is an example of a fleet: three hosts that answer, one that doesn't, and the problems of a day.
type demo struct {
	web, data, edge *dockertest.Daemon
	hosts           string
}

func newDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{web: dockertest.NewDaemon(t), data: dockertest.NewDaemon(t), edge: dockertest.NewDaemon(t)}
	add := func(on *dockertest.Daemon, project, service, image string, cores float64, memory uint64) {
		on.Add(dockertest.Container{
			Name: project + "-" + service + "-1", Image: image,
			Labels: map[string]string{"com.docker.compose.project": project, "com.docker.compose.service": service, "team": "web"},
			Env:    []string{"PATH=/usr/bin:/bin", "TZ=Asia/Seoul", "DATABASE_PASSWORD=hunter2"},
			Usage:  dockertest.Usage{Cores: cores, Memory: memory << 20, Limit: 2 << 30, Rx: 48 << 20, Tx: 9 << 20, Pids: 12},
			Log:    lines(service),
		})
	}
	add(d.web, "shop", "frontend", "registry.example/shop/frontend:4.2.1", 0.31, 212)
	add(d.web, "shop", "api", "registry.example/shop/api:4.2.1", 0.86, 640)
	add(d.web, "shop", "worker", "registry.example/shop/worker:4.2.1", 0.12, 388)
	add(d.web, "shop", "cache", "redis:7.4-alpine", 0.04, 96)
	add(d.web, "blog", "ghost", "ghost:5.101", 0.02, 301)
	add(d.web, "blog", "db", "mysql:8.4", 0.03, 512)
	add(d.data, "shop", "postgres", "postgres:17.2", 0.44, 1210)
	add(d.data, "shop", "search", "opensearch:2.18", 0.67, 1700)
	add(d.data, "metrics", "prometheus", "prom/prometheus:v3.1.0", 0.09, 720)
	add(d.data, "metrics", "grafana", "grafana/grafana:11.4.0", 0.01, 180)
	add(d.edge, "edge", "traefik", "traefik:v3.2", 0.05, 88)
	add(d.edge, "edge", "mqtt", "emqx/emqx:5.8", 0.01, 14)
	d.web.Add(dockertest.Container{Name: "nightly-backup", Image: "restic/restic:0.17.3", State: "exited"})
	d.web.Add(dockertest.Container{Name: "image-resizer", Image: "registry.example/resizer:1.9", State: "exited", Exit: 137})
	d.data.Add(dockertest.Container{Name: "reports", Image: "registry.example/reports:0.8", Health: "unhealthy", Usage: dockertest.Usage{Cores: 0.02, Memory: 260 << 20}})
	d.data.Add(dockertest.Container{Name: "migrate-2026-11", Image: "registry.example/migrate:11", State: "created"})
	d.edge.Add(dockertest.Container{Name: "sensor-gateway", Image: "registry.example/gateway:0.3", State: "restarting", Exit: 1})
	d.edge.Add(dockertest.Container{Name: "camera-1", Image: "frigate:0.14", State: "paused", Usage: dockertest.Usage{Memory: 410 << 20}})
	keeps(d.web, "registry.example/shop/frontend:4.2.1", "registry.example/shop/api:4.2.1", "registry.example/shop/api:4.2.0", "redis:7.4-alpine", "ghost:5.101", "mysql:8.4")
	keeps(d.data, "postgres:17.2", "postgres:16.6", "opensearch:2.18", "prom/prometheus:v3.1.0", "grafana/grafana:11.4.0")
	keeps(d.edge, "traefik:v3.2", "emqx/emqx:5.8", "frigate:0.14")
	d.hosts = fmt.Sprintf("web-1=%s,data-1=%s,edge-seoul=%s,edge-busan=%s", d.web.Addr(), d.data.Addr(), d.edge.Addr(), dockertest.Silent(t))
	return d
}

// keeps lets a host list images with these names.
func keeps(on *dockertest.Daemon, names ...string) {
	var images []map[string]any
	for i, name := range names {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(name)))
		images = append(images, map[string]any{
			"Id": digest, "RepoTags": []string{name}, "RepoDigests": []string{}, "Size": (60 + 97*i) << 20, "SharedSize": -1, "Containers": -1,
			"Created": time.Now().Add(-time.Duration(3+11*i) * 24 * time.Hour).Unix(),
		})
	}
	on.Handle("GET /images/json", func(w http.ResponseWriter, _ *http.Request) { dockertest.JSON(w, http.StatusOK, images) })
}

// lines returns log lines that a service could have written.
func lines(service string) (all []string) {
	for i := range 60 {
		switch {
		case i%17 == 11:
			all = append(all, fmt.Sprintf("level=warn msg=\"slow query\" service=%s duration=%dms", service, 800+i*7))
		case i%29 == 20:
			all = append(all, "\x1b[31mERROR\x1b[0m upstream timed out while reading the response header")
		default:
			all = append(all, fmt.Sprintf("level=info msg=request service=%s method=GET path=/api/items/%d status=200 duration=%dms", service, 4000+i*13, 3+i%9))
		}
	}
	return all
}

// many starts a host with n containers.
func many(t *testing.T, n int) *dockertest.Daemon {
	t.Helper()
	d := dockertest.NewDaemon(t)
	var all []dockertest.Container
	for i := range n {
		state := []string{"running", "running", "running", "exited", "paused"}[i%5]
		all = append(all, dockertest.Container{
			Name: fmt.Sprintf("job-%05d", i), Image: fmt.Sprintf("registry.example/job:%d", i%17), State: state, Created: time.Now().Add(-time.Duration(i) * time.Minute),
			Labels: map[string]string{"com.docker.compose.project": fmt.Sprintf("batch-%d", i%40)},
			Usage:  dockertest.Usage{Cores: float64(i%10) / 100, Memory: uint64(i%500) << 20, Pids: 3},
		})
	}
	d.Add(all...)
	return d
}
