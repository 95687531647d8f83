import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram } from "../../setup/debian-program.mjs";
import { ChildProgram } from "./child-program.ts";

/** Another proxy that forwards everything to one upstream, without a log; `reason` when it cannot be had. */
export type OtherProxy = { readonly program: ChildProgram } | { readonly reason: string };

export async function startHaproxy(directory: string, port: number, upstream: number): Promise<OtherProxy> {
  const found = await debianProgram("haproxy", "usr/sbin/haproxy");
  if (found.reason !== undefined) return { reason: found.reason };
  const config = join(directory, "haproxy.cfg");
  await writeFile(
    config,
    `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend http
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${upstream}
`,
  );
  return { program: new ChildProgram(found.command, ["-db", "-q", "-f", config], found.env) };
}

export async function startNginx(directory: string, port: number, upstream: number): Promise<OtherProxy> {
  const found = await debianProgram("nginx", "usr/sbin/nginx");
  if (found.reason !== undefined) return { reason: found.reason };
  const home = join(directory, "nginx");
  await mkdir(home);
  const config = join(home, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    config,
    `daemon off;
user root;
worker_processes auto;
pid ${home}/pid;
error_log stderr error;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(" ")}
  keepalive_requests 1000000000;
  upstream app { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`,
  );
  return { program: new ChildProgram(found.command, ["-p", home, "-c", config, "-e", "stderr"], found.env) };
}
