// What a machine on the Internet finds there: a name server and a certificate authority. Runs only in a network of its own (scripts/own-network).
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const patienceMs = 30_000;
const directoryPort = 14_000;
const managementPort = 15_000;

/** A name server that answers for one name, and an authority whose certificates live for so many seconds. */
export class Internet {
  private readonly children: ChildProcess[] = [];

  private constructor(
    /** The name that leads to this machine. */
    readonly name: string,
    private readonly folder: string,
  ) {}

  static async start(name: string, { lifeS }: { lifeS: number }): Promise<Internet> {
    const internet = new Internet(name, mkdtempSync(join(tmpdir(), "clavitor-internet-")));
    internet.nameServer();
    internet.authority(lifeS);
    for (const port of [53, directoryPort, managementPort]) await until(() => open(port), `port ${port}`);
    return internet;
  }

  /** Where orders for certificates go. */
  readonly directory = `https://localhost:${directoryPort}/dir`;

  /** The file with the authority of the directory's own certificate. */
  get directoryAuthority(): string {
    return this.at("ca.pem");
  }

  /** The root of the certificates that are issued, as people's browsers would know it; new at each start. */
  async issuingRoot(): Promise<string> {
    const file = this.at("issuing-root.pem");
    writeFileSync(file, await fetchText(`https://localhost:${managementPort}/roots/0`, readFileSync(this.directoryAuthority, "utf8")));
    return file;
  }

  /** A home folder whose browser trusts the issuing root. */
  async home(): Promise<string> {
    const database = this.at("home/.pki/nssdb");
    mkdirSync(database, { recursive: true });
    execFileSync("certutil", ["-d", `sql:${database}`, "-N", "--empty-password"]);
    execFileSync("certutil", ["-d", `sql:${database}`, "-A", "-t", "C,,", "-n", "issuing root", "-i", await this.issuingRoot()]);
    return this.at("home");
  }

  stop(): void {
    for (const child of this.children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private at(path: string): string {
    return join(this.folder, path);
  }

  private run(program: string, args: string[], env: Record<string, string> = {}): void {
    const log = openSync(this.at(`${program}.log`), "a");
    this.children.push(spawn(program, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } }));
  }

  private nameServer(): void {
    mkdirSync(this.at("knot"));
    const zone = [`$ORIGIN ${this.name}.`, "$TTL 30", "@ SOA ns ops 1 60 30 600 5", "@ NS ns", "@ A 127.0.0.1", "ns A 127.0.0.1", ""];
    writeFileSync(this.at("zone"), zone.join("\n"));
    const config = [
      "server:", "  listen: [ 127.0.0.1@53 ]", `  rundir: ${this.at("knot")}`, "database:", `  storage: ${this.at("knot")}`,
      "log:", "  - target: stderr", "    any: warning", "zone:", `  - domain: ${this.name}`, `    storage: ${this.folder}`, "    file: zone", "",
    ];
    writeFileSync(this.at("knot.conf"), config.join("\n"));
    this.run("knotd", ["-c", this.at("knot.conf")]);
  }

  private authority(lifeS: number): void {
    this.certificateOfTheDirectory();
    const pebble = {
      listenAddress: `127.0.0.1:${directoryPort}`, managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: this.at("leaf.pem"), privateKey: this.at("leaf.key"), httpPort: 80, tlsPort: 443, ocspResponderURL: "",
      externalAccountBindingRequired: false, certificateValidityPeriod: lifeS,
    };
    writeFileSync(this.at("pebble.json"), JSON.stringify({ pebble }));
    this.run("pebble", ["-strict", "-dnsserver", "127.0.0.1:53", "-config", this.at("pebble.json")], {
      PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20",
    });
  }

  private certificateOfTheDirectory(): void {
    const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: this.folder, stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=directory root", "-keyout", "ca.key", "-out", "ca.pem");
    openssl("req", ...key, "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr");
    writeFileSync(this.at("leaf.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n");
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "leaf.ext", "-out", "leaf.pem");
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: it never came`);
    await new Promise((waited) => setTimeout(waited, 50));
  }
}

function open(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), done(true)));
    socket.once("error", () => done(false));
  });
}

function fetchText(url: string, ca: string): Promise<string> {
  return new Promise((done, failed) => {
    const request = get(url, { ca }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("end", () => done(text));
    });
    request.once("error", failed);
  });
}
