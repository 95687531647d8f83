import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { createKubeClient } from "../../src/kubernetes/http-client.ts";
import { LeaderElection, type LeaderTimes } from "../../src/kubernetes/leader.ts";
import { until } from "../integration/support/until.ts";
import { FaultyProxy } from "./support/faulty-proxy.ts";
import { KubeBox } from "./support/kubebox.ts";

/** Long enough for a busy machine: a renewal that comes late is a leader that ends. */
const TIMES: LeaderTimes = { duration: 10_000, renewDeadline: 7_000, retry: 300 };
const LEASE = { namespace: "default", name: "binnacle" };

/** A candidate, and when it led. */
class Candidate implements AsyncDisposable {
  readonly election: LeaderElection;
  readonly events = new EventEmitter<{ change: [boolean] }>();
  readonly changes: boolean[] = [];
  readonly #client;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(identity: string, kubeconfig: string) {
    this.#client = createKubeClient({ connection: { type: "inline", kubeconfig }, timeout: 1000 });
    const onChange = (leads: boolean): void => {
      this.changes.push(leads);
      this.events.emit("change", leads);
    };
    this.election = new LeaderElection({ client: this.#client, lease: LEASE, identity, times: TIMES, onChange });
    this.#run = this.election.run(this.#stop.signal);
  }

  untilLeads(leads = true): Promise<boolean> {
    return until(() => this.election.leads === leads, { event: { emitter: this.events, name: "change" } });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#client[Symbol.dispose]();
  }
}

test(
  "of several candidates one leads; stopped, cut off or robbed, it stops before another begins",
  { timeout: 120_000 },
  async () => {
    await using box = await KubeBox.start({ controllers: [] });
    await using proxy = await FaultyProxy.start(box);
    await using cutOff = new Candidate("a", proxy.kubeconfig(box.token("cluster-admin")));
    await cutOff.untilLeads();
    await using second = new Candidate("b", box.kubeconfig());
    await until(() => second.election.holder === "a");
    assert.equal(second.election.leads, false);

    // Cut off from the API it cannot know: its own deadline ends it, and only then the other takes over.
    await proxy.down();
    second.events.once("change", () => assert.equal(cutOff.election.leads, false));
    await second.untilLeads();
    assert.deepEqual([cutOff.changes, second.changes], [[true, false], [true]]);

    await proxy.up();
    await until(() => cutOff.election.holder === "b");
    assert.equal(cutOff.election.leads, false, "there is no fight");

    // A leader that stops in order gives the lease back.
    await second.stop();
    await cutOff.untilLeads();
    assert.equal(second.election.leads, false);

    // Somebody else wrote the lease: the leader sees it at its next renewal.
    const path = `/apis/coordination.k8s.io/v1/namespaces/default/leases/binnacle`;
    await box.admin.patch(path, { spec: { holderIdentity: "stranger" } }, "merge");
    await cutOff.untilLeads(false);
    assert.equal(cutOff.election.holder, "stranger");
  },
);
