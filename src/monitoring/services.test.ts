import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compare } from "bcryptjs";
import { bcryptHash, ensurePassword } from "./password-file.ts";
import { renderRuleFiles } from "./rule-files.ts";
import { basicAuthorization, grafanaService, type MonitoringService, nodeExporterService } from "./services.ts";
import { writeServiceFiles } from "./write-service-files.ts";

const temporary = () => mkdtempDisposable(join(tmpdir(), "binnacle-services-"));
const mode = async (path: string) => (await stat(path)).mode & 0o777;

test("files are private and complete, and what an earlier version left is gone", async () => {
  await using directory = await temporary();
  const home = join(directory.path, "prometheus");
  const rules = join(home, "rules");
  await mkdir(rules, { recursive: true });
  await writeFile(join(rules, "gone.yml"), "groups: []");
  const service: MonitoringService = {
    ...nodeExporterService({ command: "/bin/true", directory: home, port: 9100, udev: undefined }),
    directories: [home, rules],
    files: [{ path: join(rules, "kept.yml"), content: "groups: []\n" }],
    ownedDirectories: [rules],
  };
  await writeServiceFiles(service);
  assert.deepEqual(await readdir(rules), ["kept.yml"]);
  assert.equal(await mode(join(rules, "kept.yml")), 0o600);
  await writeServiceFiles({ ...service, files: [{ path: join(rules, "kept.yml"), content: "changed" }] });
  assert.equal(await readFile(join(rules, "kept.yml"), "utf8"), "changed");
});

test("new folders are for their owner alone", async () => {
  await using directory = await temporary();
  const home = join(directory.path, "node-exporter");
  await writeServiceFiles(nodeExporterService({ command: "/bin/true", directory: home, port: 9100, udev: undefined }));
  assert.equal(await mode(home), 0o700);
});

test("the password is made once, private, and what Alertmanager compares with", async () => {
  await using directory = await temporary();
  const file = join(directory.path, "password");
  const password = await ensurePassword(file);
  assert.ok(password.length >= 32);
  assert.equal(await ensurePassword(file), password);
  assert.equal(await mode(file), 0o600);
  assert.ok(await compare(password, await bcryptHash(password)));
  assert.notEqual(await ensurePassword(join(directory.path, "other")), password);
  assert.equal(basicAuthorization("binnacle", "p:w"), "Basic YmlubmFjbGU6cDp3");
});

test("an empty password is refused, with what to do", async () => {
  await using directory = await temporary();
  const file = join(directory.path, "password");
  await writeFile(file, "\n");
  await assert.rejects(ensurePassword(file), /is empty; remove it/);
});

test("runbooks become addresses, the objective a rule", () => {
  const rendered = renderRuleFiles(
    { "a.yml": "runbook_url: alerts/runbooks/EnvoyDown.md\n" },
    { consoleUrl: "https://appliance.example.com/", availabilityObjective: 0.995, scrapeInterval: 5000 },
  );
  assert.equal(rendered["a.yml"], "runbook_url: https://appliance.example.com/alerts/runbooks/EnvoyDown.md\n");
  assert.match(rendered["objectives.yml"] ?? "", /record: slo:availability_objective:ratio\s+expr: vector\(0\.995\)/);
});

test("Grafana is on loopback, closed, and finds Prometheus and the dashboards", () => {
  const service = grafanaService({
    command: "/usr/sbin/grafana",
    directory: "/s/grafana",
    settings: {
      port: 3000,
      homeDirectory: "/usr/share/grafana",
      externalUrl: "http://127.0.0.1:3000",
      passwordFile: "/s/grafana-password",
      prometheusUrl: "http://127.0.0.1:9090/prometheus",
      scrapeInterval: 5000,
      dashboardsDirectory: "/s/dashboards",
    },
  });
  assert.deepEqual(service.args, ["server", "--homepath=/usr/share/grafana", "--config=/s/grafana/grafana.ini"]);
  assert.equal(service.ready, "http://127.0.0.1:3000/api/health");
  const content = (end: string) => service.files.find(({ path }) => path.endsWith(end))?.content ?? "";
  const ini = content("grafana.ini");
  assert.match(ini, /\[server\]\nhttp_addr = 127\.0\.0\.1\nhttp_port = 3000\n/);
  assert.match(ini, /\[auth\.anonymous\]\nenabled = false\n/);
  assert.match(ini, /admin_password = \$__file\{\/s\/grafana-password\}/);
  assert.match(content("datasources/binnacle.yaml"), /url: http:\/\/127\.0\.0\.1:9090\/prometheus\n/);
  assert.match(content("datasources/binnacle.yaml"), /timeInterval: 5s\n/);
  assert.match(content("dashboards/binnacle.yaml"), /path: \/s\/dashboards\n/);
});
