import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { loadConfig } from "./load-config.ts";

describe("listeners are refused:", () => {
  for (const [text, expected] of [
    ["listeners: []", "1: listeners: found 0 items, expected at least 1"],
    ["listeners: {port: 80}", "1: listeners: found a map, expected a list"],
    ["listeners:\n- port: 80", "2: listeners[0].protocol: missing, expected one of http, https, tcp, udp; add it"],
    ["listeners:\n- protocol: http", "2: listeners[0].port: missing, expected a number; add it"],
    ["listeners:\n- {protocol: http, port: 0}", "2: listeners[0].port: found 0, expected at least 1"],
    [
      "listeners:\n- {protocol: http, port: '80'}",
      '2: listeners[0].port: found the text "80", expected a number; remove the quotes',
    ],
    [
      "listeners:\n- {protocol: http, port: 80, address: localhost}",
      '2: listeners[0].address: found the text "localhost", expected an IP address; write 127.0.0.1',
    ],
    [
      "listeners:\n- {protocol: http, port: 80, address: '*'}",
      '2: listeners[0].address: found the text "*", expected an IP address; write 0.0.0.0',
    ],
    [
      "listeners:\n- {protocol: http2, port: 80}",
      '2: listeners[0].protocol: found the text "http2", expected one of http, https, tcp, udp; write http',
    ],
    [
      "listeners:\n- {protocol: http, port: 80, trustedHops: -1}",
      "2: listeners[0].trustedHops: found -1, expected at least 0",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, trustedHops: 1.5}",
      "2: listeners[0].trustedHops: found 1.5, expected a whole number",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, proxyProtocol: v2}",
      '2: listeners[0].proxyProtocol: found the text "v2", expected true or false',
    ],
    [
      "listeners:\n- {protocol: http, port: 80, service: a/b:80}",
      "2: listeners[0].service: not allowed with protocol http; remove it: objects route its requests",
    ],
    [
      "listeners:\n- {protocol: tcp, port: 80}",
      "2: listeners[0].service: missing with protocol tcp, expected namespace/name:port; add it",
    ],
    [
      "listeners:\n- {protocol: tcp, port: 80, service: postgres}",
      '2: listeners[0].service: found the text "postgres", expected namespace/name:port such as databases/postgres:5432',
    ],
    [
      "listeners:\n- {protocol: tcp, port: 80, service: 'a/b:0'}",
      '2: listeners[0].service: found the text "a/b:0", expected namespace/name:port such as databases/postgres:5432',
    ],
    [
      "listeners:\n- {protocol: udp, port: 80, service: 'a/b:80', proxyProtocol: true}",
      "2: listeners[0].proxyProtocol: not possible with protocol udp; remove it",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, http3: true}",
      "2: listeners[0].http3: not possible with protocol http; HTTP/3 is encrypted always: use https",
    ],
    [
      "listeners:\n- {protocol: https, port: 443, http3: true, proxyProtocol: true}",
      "2: listeners[0].http3: not possible with proxyProtocol, which UDP does not have; remove one of the two",
    ],
    [
      "listeners:\n- {protocol: https, port: 443, http3Port: 443}",
      "2: listeners[0].http3Port: has no effect without http3; set http3: true, or remove it",
    ],
    [
      "listeners:\n- {protocol: https, port: 443, http3: true}\n- {protocol: udp, port: 443, service: 'a/b:80'}",
      "3: listeners[1].port: port 443 (UDP) is taken by listener 0; use another port or address",
    ],
    [
      "listeners:\n- {protocol: http, port: 80}\n- {protocol: https, port: 80}",
      "3: listeners[1].port: port 80 (TCP) is taken by listener 0; use another port or address",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, address: 0.0.0.0}\n- {protocol: tcp, port: 80, service: 'a/b:80'}",
      "3: listeners[1].port: port 80 (TCP) is taken by listener 0; use another port or address",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, name: a}\n- {protocol: http, port: 81, name: a}",
      "3: listeners[1].name: name a stands already at index 0; give each listener its own name",
    ],
    [
      "listeners:\n- {protocol: http, port: 80, name: A B}",
      `2: listeners[0].name: found "A B", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends`,
    ],
  ] as const) {
    test(JSON.stringify(text), () => {
      const { config, problems } = loadConfig(text, "f");
      assert.deepEqual(problems.map(formatProblem), [`f:${expected}`]);
      assert.equal(config, undefined);
    });
  }
});
