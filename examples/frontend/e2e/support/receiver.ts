import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver of webhooks, as your application has one. */
export class Receiver {
  readonly deliveries: Delivery[] = [];

  private constructor(
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        receiver.deliveries.push({
          headers: request.headers,
          body: Buffer.concat(parts).toString(),
        });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const close = (): Promise<void> =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    const receiver = new Receiver(`http://127.0.0.1:${port}/alerts`, close);
    return receiver;
  }
}

/** The expected value of the header `X-Alterlab-Signature`. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
