// What each format becomes: kinds, tiers, folders, and what is said about it. That nothing is dropped stands in its own test.

import { describe, expect, test } from "vitest";
import { archive, file, fixture, fixtureText, onepuxFiles } from "./fixtures/load.ts";
import { rowTitled, shown } from "./fixtures/find.ts";
import { detect, parse } from "./index.ts";
import type { Format } from "./index.ts";
import { fields_max, summary_chars_max, value_bytes_max } from "./limits.ts";

describe("detect", () => {
  const expected: [name: string, format: Format][] = [
    ["bitwarden.json", "bitwarden-json"], ["bitwarden-organization.json", "bitwarden-json"], ["bitwarden-restricted.json", "bitwarden-json"],
    ["bitwarden-protected-pbkdf2.json", "bitwarden-protected"], ["bitwarden-protected-argon2id.json", "bitwarden-protected"],
    ["bitwarden.csv", "bitwarden-csv"], ["bitwarden-organization.csv", "bitwarden-csv"], ["1password.csv", "1password-csv"], ["chrome.csv", "chrome-csv"],
    ["chrome-old.csv", "chrome-csv"], ["firefox.csv", "firefox-csv"], ["keepassxc.csv", "keepassxc-csv"], ["lastpass.csv", "lastpass-csv"],
    ["lastpass-html.csv", "lastpass-csv"], ["passwords-app.csv", "csv"], ["spreadsheet.csv", "csv"],
  ];
  for (const [name, format] of expected) test(name, async () => expect((await detect(fixture(name))).format).toBe(format));
  test("a 1PUX archive", async () => expect((await detect(archive(onepuxFiles()))).format).toBe("1password-1pux"));
  test("columns in another order, in capitals, with one more", async () => {
    expect((await detect(file("PASSWORD,NAME,URL,USERNAME,NOTE,MORE\n"))).format).toBe("chrome-csv");
  });
  test("a file that asks for a password says so", async () => {
    expect((await detect(fixture("bitwarden-protected-pbkdf2.json"))).needsPassword).toBe(true);
    expect((await detect(fixture("bitwarden.json"))).needsPassword).toBe(false);
  });
  const refused: [name: string, blob: Blob, code: string, words: string][] = [
    ["nothing", file(""), "empty", "empty"],
    ["other JSON", file("{\"a\":1}"), "unknown_format", "JSON"],
    ["other text", file("Dear reader,\nthis is a letter."), "unknown_format", "none that is known"],
    ["a KeePass database", new Blob([new Uint8Array([3, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5])]), "unknown_format", "CSV File"],
    ["another archive", archive({ "readme.txt": new Uint8Array([1]) }), "unknown_format", "archive"],
    ["half an archive", archive(onepuxFiles()).slice(0, 400), "bad_zip", "cut off"],
  ];
  for (const [name, blob, code, words] of refused) {
    test(`refuses ${name}`, async () => {
      await expect(detect(blob)).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string });
    });
  }
});

describe("Bitwarden JSON", () => {
  test("kinds, folders, favourites, trash and archive", async () => {
    const plan = await parse(fixture("bitwarden.json"));
    expect(plan.rows.map(({ entry, proposal }) => [entry.kind, entry.folder, entry.favorite, entry.archived, proposal])).toEqual([
      ["login", "Work/Servers", true, false, "import"], ["login", "Privé ☂", false, false, "import"], ["note", "", false, false, "import"],
      ["card", "", false, false, "import"], ["identity", "", false, false, "import"], ["ssh_key", "", false, false, "import"],
      ["custom", "", false, false, "import"], ["login", "", false, false, "skip"], ["login", "", false, true, "import"],
    ]);
    expect(plan.about).toContainEqual(["Empty folder", "Nothing in here"]);
  });
  test("a login with everything", async () => {
    const { entry } = rowTitled(await parse(fixture("bitwarden.json")), "Mail, \"quoted\"");
    expect(shown(entry)).toEqual([
      "username | Username | 1 | owner@example.test",
      "password | Password | 2 |  pass word with spaces ",
      "totp | One-time password | 2 | otpauth://totp/Mail:owner%40example.test?secret=JBSWY3DPEHPK3PXP&issuer=Mail&algorithm=SHA256&digits=8",
      "url | Website | 1 | https://mail.example.test/login?next=%2Fa",
      "url | Website 2 | 1 | https://exact.example.test/",
      "text | Website pattern | 1 | ^https://.*\\.example\\.test$",
      expect.stringMatching(/^passkey \| Passkey Mail \| 3 \| \{"credentialId":"b0000000-/) as string,
      "text | Customer number | 1 | K-4711",
      "hidden | Door PIN | 2 | 90210",
      "text | Newsletter | 1 | true",
      "api_key | API key | 2 | sk-fixture-0123456789abcdef",
      "text | Field | 1 | nameless",
      "note | Notes | 2 | First line\nsecond line\twith a tab",
      "hidden | Previous password (until 2024-01-02T03:04:05.000Z) | 2 | older-1",
      "hidden | Previous password (until 2023-01-02T03:04:05.000Z) | 2 | older-2",
    ]);
    expect(entry.destinations).toEqual(["https://exact.example.test", "https://mail.example.test"]);
  });
  test("cards and identities go to \"Only me\", and so does what asked for the master password", async () => {
    const plan = await parse(fixture("bitwarden.json"));
    const tiers = (title: string): string[] => rowTitled(plan, title).entry.fields.map(({ kind, tier }) => `${kind} ${tier}`);
    expect(tiers("Card")).toEqual(["name 1", "text 1", "card_number 3", "card_expiry 3", "card_cvv 3", "card_pin 3"]);
    expect(tiers("Asked again")).toEqual(["username 1", "password 3", "totp 3"]);
    expect(tiers("Identity").filter((each) => each.startsWith("government_id"))).toEqual(["government_id 3", "government_id 3", "government_id 3"]);
    expect(tiers("Wallet words")).toEqual(["note 3"]);
  });
  test("a secret that gives no codes is kept as hidden text, and said", async () => {
    const row = (await parse(fixture("bitwarden.json"))).rows[8];
    expect(row?.entry.fields).toContainEqual({ kind: "hidden", label: "One-time password", value: "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=7", tier: 2 });
    expect(row?.notices).toContainEqual(expect.objectContaining({ severity: "altered" }));
  });
  test("members that should be text but are not are kept as JSON", async () => {
    const plan = await parse(file(JSON.stringify({ encrypted: false, folders: [], items: [{ type: 1, name: "T", notes: { a: ["b"] }, login: { username: 42, password: ["p"] } }] })));
    expect(shown(plan.rows[0]!.entry)).toEqual(["username | Username | 1 | 42", "password | Password | 2 | [\"p\"]", "note | Notes | 2 | {\"a\":[\"b\"]}"]);
  });
  test("collections become the folder and tags", async () => {
    const { entry } = rowTitled(await parse(fixture("bitwarden-organization.json")), "Shared login");
    expect([entry.folder, entry.tags]).toEqual(["Team/Ops", ["Shared"]]);
  });
  test("the archive with attachments", async () => {
    const id = "a0000000-0000-4000-8000-000000000003";
    const zip = archive({
      "data.json": new TextEncoder().encode(fixtureText("bitwarden.json")),
      [`attachments/${id}/scan.bin`]: new Uint8Array([9, 8, 7]),
      [`attachments/${id}/large.bin`]: new Uint8Array(value_bytes_max + 1),
      "attachments/nobody/x.bin": new Uint8Array([1]),
    });
    const plan = await parse(zip);
    expect(plan.format).toBe("bitwarden-zip");
    const row = rowTitled(plan, "Wallet words");
    expect(row.entry.fields).toContainEqual({ kind: "file", label: "scan.bin", value: new Uint8Array([9, 8, 7]), tier: 2 });
    expect(row.notices.filter((notice) => notice.severity === "lost")).toHaveLength(1);
    expect(plan.notices).toContainEqual({ severity: "lost", message: expect.stringContaining("attachments/nobody/x.bin") as string });
  });
});

describe("1Password", () => {
  test("1PUX: kinds, tiers, files, what is lost", async () => {
    const plan = await parse(archive(onepuxFiles()));
    expect(plan.rows.map(({ entry }) => entry.kind)).toEqual(["login", "card", "note", "identity", "ssh_key", "api_key", "document", "note", "login", "login", "crypto_wallet"]);
    expect(shown(rowTitled(plan, "Card").entry)).toEqual([
      "name | cardholder name | 1 | CARD HOLDER", "text | type | 1 | visa", "card_number | number | 3 | 4111111111111111", "card_cvv | verification number | 3 | 737",
      "card_expiry | expiry date | 3 | 04/2030", "date | valid from | 1 | 04/2020", "card_pin | Contact: PIN | 3 | 4321",
    ]);
    expect(shown(rowTitled(plan, "Document").entry)).toEqual(["file | letter.txt | 2 | 20 bytes"]);
    const losses = rowTitled(plan, "With files").notices.filter((notice) => notice.severity === "lost").map((notice) => notice.message);
    expect(losses).toEqual([expect.stringContaining("missing.bin"), expect.stringContaining("1100000 bytes")]);
    expect(rowTitled(plan, "Wrapped, in the trash").proposal).toBe("skip");
    expect(rowTitled(plan, "Note").entry.archived).toBe(true);
    expect(rowTitled(plan, "Site login").entry).toMatchObject({ favorite: true, folder: "Private", tags: ["web", "web/sub"] });
  });
  test("1PUX: linked e-mail objects, sections, history", async () => {
    const lines = shown(rowTitled(await parse(archive(onepuxFiles())), "Site login").entry);
    expect(lines).toContain("email | contact email_address | 1 | linked@example.test");
    expect(lines).toContain("security_answer | Security: answer | 2 | Elm");
    expect(lines).toContain("text | Security: odd inner | 1 | kept value");
    expect(lines).toContain("hidden | Previous password (until 2020-01-26T00:53:20Z) | 2 | op-old");
  });
  test("1PUX with broken JSON, or without its list, is refused with its place", async () => {
    const broken = (text: string): Blob => archive({ ...onepuxFiles(), "export.data": new TextEncoder().encode(text) });
    await expect(parse(broken("{\"accounts\":[\n{]"))).rejects.toMatchObject({ code: "bad_json", place: "line 2" });
    await expect(parse(broken("{}"))).rejects.toMatchObject({ code: "bad_shape" });
  });
  test("CSV", async () => {
    const plan = await parse(fixture("1password.csv"));
    expect(plan.rows.map(({ entry }) => [entry.title, entry.tags, entry.favorite, entry.archived])).toEqual([
      ["Bank", ["money", "important"], true, false], ["Old forum", [], false, true], ["untitled.example.test", [], false, false],
    ]);
  });
});

describe("browsers", () => {
  test("Chrome: apps, addresses that are none, long addresses", async () => {
    const plan = await parse(fixture("chrome.csv"));
    expect(plan.rows.map(({ entry }) => entry.title)).toContain("com.example.app");
    expect(rowTitled(plan, "bad address").entry.destinations).toEqual([]);
    const long = rowTitled(plan, "long");
    expect(long.entry.fields[2]).toMatchObject({ kind: "note", label: "Website" });
    expect(long.entry.destinations).toEqual(["https://long.example.test"]);
    expect(long.notices[0]?.severity).toBe("info");
  });
  test("Firefox: titles from hosts, its own record proposed to be left out", async () => {
    const plan = await parse(fixture("firefox.csv"));
    expect(plan.rows.map(({ entry, proposal }) => [entry.title, proposal])).toEqual([["site.example.test", "import"], ["intranet.example.test", "import"], ["FirefoxAccounts", "skip"]]);
    expect(plan.rows[0]?.entry.origin.details).toMatchObject({ created: "2020-09-13T12:26:40Z" });
  });
});

describe("KeePassXC and LastPass", () => {
  test("KeePassXC: the root group is left off, the recycle bin proposed to be left out", async () => {
    const plan = await parse(fixture("keepassxc.csv"));
    expect(plan.rows.map(({ entry, proposal }) => [entry.folder, proposal])).toEqual([["", "import"], ["Internet/Mail", "import"], ["Keys", "import"], ["Recycle Bin", "skip"]]);
    expect(plan.about).toEqual([["Root group", "Passwords"]]);
  });
  test("LastPass typed notes", async () => {
    const plan = await parse(fixture("lastpass.csv"));
    expect(plan.rows.map(({ entry }) => entry.kind)).toEqual(["login", "card", "ssh_key", "custom", "custom", "wifi", "identity", "note", "login"]);
    expect(shown(rowTitled(plan, "My card").entry)).toEqual([
      "name | Name on Card | 1 | CARD HOLDER", "text | Type | 1 | Visa", "card_number | Number | 3 | 4111111111111111", "card_cvv | Security Code | 3 | 737",
      "card_expiry | Expiration Date | 3 | 05/2030", "note | Notes | 2 | call: 555 0100\nsecond line",
    ]);
    const key = rowTitled(plan, "Server key").entry.fields.find((field) => field.kind === "ssh_private_key");
    expect(key?.value).toBe("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nZml4dHVyZQ==\n-----END RSA PRIVATE KEY-----");
    expect(shown(rowTitled(plan, "Account").entry)).toContain("address | Branch Address | 2 | 1 Street\nTown");
    expect(rowTitled(plan, "Site").entry.folder).toBe("Work/Servers");
  });
  test("LastPass text copied out of a web page is changed back, and the password kept in both forms", async () => {
    const plan = await parse(fixture("lastpass-html.csv"));
    expect(shown(rowTitled(plan, "Site").entry)).toEqual([
      "username | Username | 1 | owner", "password | Password | 2 | a&b<c>\"d", "url | Website | 1 | https://site.example.test/?a=1&b=2",
      "hidden | Password as in the file | 2 | a&amp;b&lt;c&gt;&quot;d", "note | Notes | 2 | note & more",
    ]);
    expect(rowTitled(plan, "Site").notices).toContainEqual(expect.objectContaining({ severity: "altered" }));
    // In the other fixture a plain ampersand shows that nothing was written for a web page.
    expect(shown(rowTitled(await parse(fixture("lastpass.csv")), "Site").entry)).toContain("password | Password | 2 | lp&amp;secret");
  });
});

describe("any row", () => {
  const header = "name,url,username,password,note\n";
  test("a value larger than a record is split without cutting a character", async () => {
    const note = "☂".repeat(400_000);
    const plan = await parse(file(`${header}big,,,,${note}`));
    const parts = plan.rows[0]?.entry.fields.map((field) => String(field.value)) ?? [];
    expect(parts).toHaveLength(2);
    expect(parts.every((part) => new TextEncoder().encode(part).length <= value_bytes_max)).toBe(true);
    expect(parts.join("")).toBe(note);
    expect(plan.rows[0]?.notices[0]?.severity).toBe("altered");
  });
  test("long titles and labels are cut and kept, line breaks in titles become spaces", async () => {
    const title = `start\n${"t".repeat(400)}`;
    const plan = await parse(file(`name,url,username,password,${"l".repeat(300)}\n"${title}",,u,p,value`));
    const entry = plan.rows[0]?.entry;
    expect(entry?.title).toHaveLength(256);
    expect(entry?.fields.map((field) => field.value)).toEqual(expect.arrayContaining([title.replace("\n", " "), "l".repeat(300), "value"]));
  });
  test("more fields than an entry may have are joined, none is dropped", async () => {
    const many = Array.from({ length: 700 }, (_, i) => `c${i}`);
    const plan = await parse(file(`name,url,username,password,${many.join(",")}\nt,,u,p,${many.map((name) => `v-${name}`).join(",")}`));
    const fields = plan.rows[0]?.entry.fields ?? [];
    expect(fields).toHaveLength(fields_max);
    const all = fields.map((field) => `${field.label}: ${String(field.value)}`).join("\n");
    for (const name of many) expect(all).toContain(`${name}: v-${name}`);
  });
  test("more descriptive text than a summary can hold moves into notes", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `c${i}`);
    const plan = await parse(file(`name,url,username,password,${names.join(",")}\nt,,u,p,${names.map((_, i) => "v".repeat(1_000 + i)).join(",")}`));
    const fields = plan.rows[0]?.entry.fields ?? [];
    const inSummary = fields.filter((field) => field.tier === 1).reduce((sum, field) => sum + field.value.length, 0);
    expect(inSummary).toBeLessThanOrEqual(summary_chars_max);
    expect(fields.filter((field) => field.label.startsWith("c")).map((field) => field.value.length)).toEqual(names.map((_, i) => 1_000 + i));
    expect(plan.rows[0]?.notices.every((notice) => notice.severity === "altered")).toBe(true);
  });
  test("no two fields of an entry share a label", async () => {
    const plan = await parse(file("name,url,username,password,x,x,x\nt,,u,p,1,2,3"));
    expect(plan.rows[0]?.entry.fields.map((field) => field.label)).toEqual(["Username", "Password", "x", "x 2", "x 3"]);
  });
  test("an empty table is refused", async () => {
    await expect(parse(file(header))).rejects.toMatchObject({ code: "empty" });
  });
  test("a file that is cut off is refused with its line, and nothing of it is taken", async () => {
    await expect(parse(file(`${header}a,b,c,d,e\nf,g,h,"i`))).rejects.toMatchObject({ code: "bad_csv", place: "line 3" });
  });
});
