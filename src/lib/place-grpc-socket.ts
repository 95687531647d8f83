import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "./log.ts";
import { PlacedSocket } from "./placed-socket.ts";

/** Has a gRPC server listen on a Unix socket that stays in its place. Rejects where it cannot listen. */
export function placeGrpcSocket(server: Server, path: string, log: Logger): Promise<PlacedSocket> {
  let held: string | undefined;
  const listen = (at: string): Promise<void> => {
    // Streams that came by it go on: their clients are told to come to the next one when they end.
    if (held !== undefined) server.unbind(held);
    held = `unix:${at}`;
    const bound = Promise.withResolvers<void>();
    server.bindAsync(held, ServerCredentials.createInsecure(), (error) => {
      if (error === null) bound.resolve();
      else bound.reject(error);
    });
    return bound.promise;
  };
  return PlacedSocket.place({ path, listen, log });
}
