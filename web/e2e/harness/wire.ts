// A tap on the wire: everything that browser and agent send to the node, and what comes back, byte for byte.
import { createServer, connect, type Server } from "node:net";

/** Stands at the node's public address and passes everything on. */
export class Wire {
  private readonly sentChunks: Buffer[] = [];
  private readonly receivedChunks: Buffer[] = [];

  private constructor(private readonly server: Server) {}

  /** Listens on `port` and forwards to `target`, both on this machine. */
  static async tap(port: number, target: number): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on("connection", (client) => {
      const node = connect(target, "127.0.0.1");
      client.on("data", (chunk: Buffer) => void wire.sentChunks.push(Buffer.from(chunk)));
      node.on("data", (chunk: Buffer) => void wire.receivedChunks.push(Buffer.from(chunk)));
      client.pipe(node);
      node.pipe(client);
      client.on("error", () => node.destroy());
      node.on("error", () => client.destroy());
    });
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    return wire;
  }

  /** What went to the node so far. */
  get sent(): Buffer {
    return Buffer.concat(this.sentChunks);
  }

  /** What came from it. */
  get received(): Buffer {
    return Buffer.concat(this.receivedChunks);
  }

  close(): void {
    this.server.close();
  }
}
