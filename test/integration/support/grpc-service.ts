import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadProtos } from "./envoy-protos.ts";

type Message = Readonly<Record<string, unknown>>;

export interface GrpcCall {
  /** File of the package's own .proto files, such as `envoy/service/auth/v3/external_auth.proto`. */
  readonly proto: string;
  readonly service: string;
  readonly method: string;
  readonly request: string;
  readonly response: string;
}

/** A gRPC server (without TLS, unless it is given a certificate) with one call, which keeps what it is asked: `await using server = await GrpcService.start(…);` */
export class GrpcService implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** In order of arrival, with field names as in the .proto file. */
  readonly requests: Message[] = [];
  /** May be replaced while running. */
  answer: (request: Message) => Message | Promise<Message>;
  readonly #server: Server;

  private constructor(server: Server, port: number, answer: GrpcService["answer"]) {
    this.#server = server;
    this.port = port;
    this.answer = answer;
  }

  static async start(
    call: GrpcCall,
    answer: (request: Message) => Message | Promise<Message>,
    pair?: { readonly cert: string; readonly key: string },
  ): Promise<GrpcService> {
    const root = loadProtos([call.proto]);
    const [request, response] = [root.lookupType(call.request), root.lookupType(call.response)];
    const server = new Server();
    const credentials =
      pair === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(pair.cert), private_key: Buffer.from(pair.key) },
          ]);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    const service = new GrpcService(server, port, answer);
    server.addService(
      {
        [call.method]: {
          path: `/${call.service}/${call.method}`,
          requestStream: false,
          responseStream: false,
          requestSerialize: () => Buffer.alloc(0),
          requestDeserialize: (bytes: Buffer): Message => request.toObject(request.decode(bytes), { enums: String }),
          responseSerialize: (message: Message) => Buffer.from(response.encode(response.fromObject(message)).finish()),
          responseDeserialize: () => ({}),
        },
      },
      {
        [call.method]: (unary: { request: Message }, reply: (error: null, message: Message) => void) => {
          service.requests.push(unary.request);
          void Promise.resolve(service.answer(unary.request)).then((message) => reply(null, message));
        },
      },
    );
    return service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await Promise.resolve();
  }
}
