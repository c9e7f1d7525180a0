# Names where packages would be.
let
  named = name: {
    type = "derivation";
    inherit name;
    outPath = "/store/${name}";
  };
  written = name: text: named "${name}:${builtins.hashString "sha256" text}";
in
{
  bash = named "bash";
  coreutils = named "coreutils";
  e2fsprogs = named "e2fsprogs";
  findutils = named "findutils";
  gnused = named "gnused";
  openssh = named "openssh";
  parted = named "parted";
  systemd = named "systemd";
  util-linux = named "util-linux";
  wireguard-tools = named "wireguard-tools";
  runtimeShell = "/store/bash/bin/bash";
  requireFile =
    {
      name,
      hash,
      message,
    }:
    assert message != "";
    named "${hash}/${name}";
  runCommandLocal = name: { binary }: _: named "by-hash${binary}-${name}";
  writeText = written;
  writeShellScript = written;
}
