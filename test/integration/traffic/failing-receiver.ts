import { parentPort } from "node:worker_threads";

/** A receiver's thread that listens, so it says, and breaks at the first page that it is given. */
const say = (message: object): void => parentPort?.postMessage(message);

say({ type: "listening" });
parentPort?.on("message", (message: { readonly type: string }) => {
  if (message.type === "page") throw new Error("broken on purpose");
  if (message.type === "stop") parentPort?.close();
});
