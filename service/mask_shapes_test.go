package service

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shapes are typical texts of labels, variables and shell arguments. Every secret, and every part of one, contains "hunter".
// keeps is a part that must not be masked.
var shapes = []struct{ text, keeps string }{
	// Assignments end with the quote or the line.
	{`PASSWORD=hunter2`, "PASSWORD"},
	{`DB_PASSWORD=hunter2 hunter3 hunter4`, "DB_PASSWORD"},
	{`password = hunter2`, "password"},
	{`password : hunter2 hunter3`, "password"},
	{"user=me\npassword=hunter2 hunter3\nhost=db", "host=db"},
	{"[client]\r\npassword = hunter2\r\nhost = db", "host = db"},
	{`PASSWORD="hunter2 hunter3" run me`, "run me"},
	{`PASSWORD='hunter2 "hunter3" hunter4' run me`, "run me"},
	{`PASSWORD="hunter\"2 hunter3" run me`, "run me"},
	{`PASSWORD="hunter2"hunter3'hunter4' run me`, "run me"},
	{`sh -c "export TOKEN=hunter2 hunter3" done`, "done"},
	{`sh -c 'PASSWORD="hunter2 hunter3" psql' done`, "done"},
	{"PASSWORD=hunter2 \\\n  hunter3\nnext", "next"},
	{`it's a token=hunter2 'hunter3'`, "it's"},
	{`SECRET_KEY := hunter2`, "SECRET_KEY"},
	{`$config['db']['password'] = 'hunter2 hunter3';`, "$config"},
	{`'password' => 'hunter2 hunter3', 'host' => 'db'`, "'host' => 'db'"},
	{`Server=db;Password=hunter2;Encrypt=hunter3`, "Server=db"},
	{`PASSWORD="hunter2 hunter3`, "PASSWORD"},
	// Headers.
	{`Authorization: Bearer hunter2.hunter3`, "Authorization"},
	{`curl -H "Authorization: Bearer hunter2" https://example.org`, "https://example.org"},
	{`curl -H 'X-Api-Key: hunter2 hunter3' https://example.org`, "https://example.org"},
	{"GET / HTTP/1.1\r\nAuthorization: Basic hunter2\r\n hunter3\r\nAccept: all", "Accept: all"},
	{`header Bearer hunter2hunter2 sent`, "sent"},
	{`proxy_set_header Authorization "Basic hunter2aGk=";`, "proxy_set_header"},
	// URLs end at the last @.
	{`postgres://app:hunter2@db/app`, "@db/app"},
	{`postgres://app:hunter@2/hunter3@db/app`, "@db/app"},
	{`amqp://app:hun/hunter2?hunter3#hunter4@mq:5672/v`, "@mq:5672/v"},
	{`https://hunter2@github.com/me/it.git`, "@github.com/me/it.git"},
	{`redis://:hunter2@cache:6379/0 and more`, "and more"},
	{`jdbc:mysql://app:hunter2@db/x?password=hunter3`, "jdbc:mysql"},
	{`root:hunter2@tcp(db:3306)/app`, "@tcp(db:3306)/app"},
	{`https://example.org/hook?size=3&access_token=hunter2`, "size=3"},
	// JSON.
	{`{"token": "hunter2", "size": 3}`, `"size": 3`},
	{`{"token":"hunter\"2 hunter3","size":3}`, `"size":3`},
	{`{"passwords": ["hunter2", "hunter]3", ["hunter4"]], "size": 3}`, `"size": 3`},
	{`{"credentials": {"user": "me", "value": "hunter}2"}, "size": 3}`, `"size": 3`},
	{`"{\"token\": \"hunter2 hunter3\", \"size\": 3}"`, `\"size\": 3`},
	{`{\"token\":\"hunter\\\"2 hunter3\",\"size\":3}`, `\"size\":3`},
	{`["app", "--password", "hunter2 hunter3", "-v"]`, `"-v"`},
	{`["PASSWORD=hunter2 hunter3", "SIZE=3"]`, `"SIZE=3"`},
	{`[{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "SIZE"}]`, `{"name": "SIZE"}`},
	{"{\n  \"token\":\n    \"hunter2\",\n  \"size\": 3\n}", `"size": 3`},
	{`{"token": 123hunter, "pin": 4}`, "token"},
	// YAML.
	{"password: |\n  hunter2\n\n  hunter3\nsize: 3", "size: 3"},
	{"db:\n  password: >-\n    hunter2\n    hunter3\n  size: 3", "size: 3"},
	{"passwords:\n- hunter2\n- hunter3\nsize: 3", "size: 3"},
	{"passwords:\n  - hunter2\n  - hunter3\nsize: 3", "size: 3"},
	{"credentials:\n  user: hunter\n  value: hunter2\nsize: 3", "size: 3"},
	{"password: hunter2\n  hunter3\nsize: 3", "size: 3"},
	{"password: 'hunter''2 hunter3'\nsize: 3", "size: 3"},
	{"env:\n- name: DB_PASSWORD\n  value: hunter2 hunter3\n- name: SIZE", "name: SIZE"},
	{"args:\n  - --password\n  - hunter2\n  - --verbose", "--verbose"},
	// Keys, complete or truncated.
	{"-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter3\n-----END RSA PRIVATE KEY-----\nrest", "rest"},
	{"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\nhunter3", "OPENSSH"},
	{`tls="-----BEGIN PRIVATE KEY-----\nhunter2\nhunter3\n-----END PRIVATE KEY-----" rest`, "rest"},
	// The value of a flag is a shell word.
	{`app --password hunter2 -v`, "-v"},
	{`app --password "hunter2 hunter3" -v`, "-v"},
	{`app --password hunter2\ hunter3 -v`, "-v"},
	{"app --password \\\n  hunter2 -v", "-v"},
	{`java -Dkeystore.password=hunter2`, "java"},
	{`redis-server --requirepass hunter2 --port 1`, "--port 1"},
	{`sh -c "login me password hunter2" done`, "done"},
	{"machine example.org login me password hunter2", "machine example.org login me"},
	{`CREATE USER me IDENTIFIED BY 'hunter2 hunter3'; SELECT 1`, "SELECT 1"},
	{`ALTER USER me PASSWORD 'hunter2 hunter3'; SELECT 1`, "SELECT 1"},
	// Others.
	{`<db><password type="x">hunter2 hunter3</password><size>3</size></db>`, "<size>3</size>"},
	{`pulled with ghp_hunter2hunter2hunter2 today`, "today"},
	{`id eyJhunter.eyJhunter2.hunter3 today`, "today"},
}

func TestSecretsOfAllShapesAreMaskedToTheirEnds(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(shapes), 60)
	for _, c := range shapes {
		for place, got := range map[string]string{
			"label": maskValue("note", c.text), "env": maskEnv([]string{"OPTS=" + c.text})[0], "arg": maskArgs([]string{"sh", "-c", "true; " + c.text})[2],
		} {
			require.NotContains(t, got, "hunter", "%s: %q", place, c.text)
			require.Contains(t, got, c.keeps, "%s: %q gave %q", place, c.text, got)
		}
	}
}

// Wherever a text is truncated, no part of a secret is shown.
func TestCutOffTextsShowNoSecret(t *testing.T) {
	t.Parallel()
	for _, c := range shapes {
		if strings.Contains(c.text, "@") { // a truncated URL looks like one without credentials
			continue
		}
		for n := range len(c.text) {
			require.NotContains(t, maskValue("note", c.text[:n]), "hunter2 ", "%q", c.text[:n])
		}
	}
}

func TestArgumentsThatFollowTheirKeysAreMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want []string }{
		{[]string{"set", "password", "=", "hunter2"}, []string{"set", "password", "=", Mask}},
		{[]string{"--password=", "hunter2", "-v"}, []string{"--password=", Mask, "-v"}},
		{[]string{"Authorization:", "Bearer", "hunter2"}, []string{"Authorization:", "Bearer", Mask}},
		{[]string{"--auth", "Basic", "hunter2", "-v"}, []string{"--auth", "Basic", Mask, "-v"}},
		{[]string{"https://u:hunter2@h/?a=b"}, []string{"https://" + Mask + "@h/?a=b"}},
		{[]string{"-e", "PASSWORD=hunter2 hunter3"}, []string{"-e", "PASSWORD=" + Mask}},
		{[]string{"--set", "db.password=hunter2"}, []string{"--set", "db.password=" + Mask}},
	} {
		require.Equal(t, c.want, maskArgs(c.in))
	}
}

func TestHarmlessTextsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "nginx -g 'daemon off;'", "redis:7@sha256:abcdef", "registry.example.org:5000/app:1.2", "http://localhost:8080/x?a=b",
		"Host(`example.org`) && PathPrefix(`/x`)", "don't", "2026-01-28T12:00:00Z", "me@example.org", "PATH=/bin:/usr/bin",
		"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", "author", "keyword stuffing", `{"size": 3, "name": "x"}`,
	} {
		require.Equal(t, text, maskText(text))
	}
}

// FuzzMaskText searches for a text that prevents the masking of a secret after it.
func FuzzMaskText(f *testing.F) {
	for _, c := range shapes {
		f.Add(strings.ReplaceAll(c.text, "hunter", "x"))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "hunter") {
			return
		}
		require.NotContains(t, maskText(s+"\npassword=hunter2"), "hunter2")
	})
}

func BenchmarkMaskText(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "traefik.http.routers.web.rule Host(`example.org`) 1.25.3", "url": "postgres://app:hunter2@db/app",
		"json": `{"token":"hunter\"2 hunter3","size":3}`, "worst": strings.Repeat("pass='", maskable/6),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = maskText(text)
			}
		})
	}
}
