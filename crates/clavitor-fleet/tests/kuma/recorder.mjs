// A recorder that stands where Uptime Kuma would: a real Socket.IO server with the events that a sync uses, handled as Kuma 2 handles them, and the push address.
// usage: node recorder.mjs USER PASSWORD [CODE]. Prints its port. GET /recorder tells what it holds.
import { createServer } from "node:http";
import { Server } from "socket.io";

const [user, password, code] = process.argv.slice(2);
const monitors = new Map();
const tags = [];
const notifications = [{ id: 1, name: "channel" }, { id: 2, name: "pager" }];
const calls = [];
const beats = [];
const failing = new Map();
let next = 1;

const pushed = (request) => {
  const url = new URL(request.url, "http://recorder");
  const token = url.pathname.split("/").pop();
  const monitor = [...monitors.values()].find((one) => one.pushToken === token && one.active);
  if (monitor) beats.push({ monitor: monitor.name, status: url.searchParams.get("status") ?? "up" });
  return monitor ? [200, { ok: true }] : [404, { ok: false, msg: "Monitor not found or not active." }];
};

const http = createServer((request, response) => {
  const answer = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.url.startsWith("/api/push/")) return answer(...pushed(request));
  if (request.url === "/recorder") return answer(200, { monitors: [...monitors.values()], tags, calls, beats });
  if (request.url === "/recorder/forget") return answer(200, calls.splice(0));
  if (request.url.startsWith("/recorder/set")) { // ?id=1&member=interval&value=100
    const asked = new URL(request.url, "http://recorder").searchParams;
    monitors.get(Number(asked.get("id")))[asked.get("member")] = JSON.parse(asked.get("value"));
    return answer(200, {});
  }
  if (request.url.startsWith("/recorder/fail")) { // ?event=addMonitorTag&after=2: the third one fails, once
    const asked = new URL(request.url, "http://recorder").searchParams;
    failing.set(asked.get("event"), Number(asked.get("after")));
    return answer(200, {});
  }
  answer(404, {});
});

// Whether it is this one's turn to fail.
const fails = (event) => {
  if (!failing.has(event)) return false;
  const left = failing.get(event);
  if (left === 0) failing.delete(event);
  else failing.set(event, left - 1);
  return left === 0;
};

// What Kuma checks before it stores one.
const validate = (monitor) => {
  if (!monitor.accepted_statuscodes.every((one) => typeof one === "string")) throw new Error("Accepted status codes are not all strings");
  for (const member of ["interval", "retryInterval"]) {
    if (monitor[member] < 20) throw new Error(`${member} cannot be less than 20 seconds`);
  }
  for (const member of ["conditions", "kafkaProducerBrokers", "rabbitmqNodes"]) {
    if (JSON.stringify(monitor[member]) === undefined) throw new Error(`NOT NULL constraint failed: monitor.${member}`);
  }
};

const own = new Set(["id", "active", "tags", "conditions", "notificationIDList"]);

new Server(http, { pingInterval: 1000, pingTimeout: 2000 }).on("connection", (socket) => {
  let signedIn = false;
  const listed = (id) => ({ ...monitors.get(id), upsideDown: Boolean(monitors.get(id).upsideDown) });
  const all = () => Object.fromEntries([...monitors.keys()].map((id) => [id, listed(id)]));
  const after = (id) => socket.emit("updateMonitorIntoList", { [id]: listed(id) });
  const on = (event, act) =>
    socket.on(event, (...rest) => {
      const callback = rest.pop();
      calls.push(event);
      try {
        if (!signedIn) throw new Error("You are not logged in.");
        if (fails(event)) throw new Error("SQLITE_BUSY: database is locked");
        callback({ ok: true, ...act(...rest) });
      } catch (error) {
        callback({ ok: false, msg: error.message });
      }
    });

  socket.emit("info", { version: "2.0.0" });
  socket.on("login", (data, callback) => {
    if (data.username !== user || data.password !== password) return callback({ ok: false, msg: "authIncorrectCreds", msgi18n: true });
    if (code && !data.token) return callback({ tokenRequired: true });
    if (code && data.token !== code) return callback({ ok: false, msg: "authInvalidToken", msgi18n: true });
    signedIn = true;
    callback({ ok: true, token: "x" });
    setTimeout(() => { // Kuma sends its lists after it has answered
      socket.emit("monitorList", all());
      socket.emit("notificationList", notifications);
    }, 50);
  });
  on("getMonitorList", () => void socket.emit("monitorList", all()));
  on("add", (monitor) => {
    validate(monitor);
    const id = next++;
    monitors.set(id, { ...monitor, id, active: monitor.active !== false, tags: [] });
    after(id);
    return { msg: "successAdded", monitorID: id };
  });
  on("editMonitor", (monitor) => {
    const old = monitors.get(monitor.id);
    validate(monitor);
    const bare = Object.fromEntries(Object.keys(old).filter((member) => !own.has(member)).map((member) => [member, null]));
    monitors.set(monitor.id, { ...old, ...bare, ...monitor, active: old.active, tags: old.tags });
    after(monitor.id);
    return { msg: "Saved.", monitorID: monitor.id };
  });
  on("deleteMonitor", (id) => {
    if (!monitors.delete(id)) throw new Error("no such monitor");
    socket.emit("deleteMonitorFromList", id);
  });
  on("getTags", () => ({ tags }));
  on("addTag", (tag) => {
    tags.push({ id: tags.length + 1, ...tag });
    return { tag: tags.at(-1) };
  });
  on("addMonitorTag", (tag, id, value) => {
    const { name, color } = tags.find((one) => one.id === tag);
    monitors.get(id).tags.push({ tag_id: tag, monitor_id: id, value, name, color });
    after(id);
  });
});

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
