# Names where packages would be.
let
  named = name: "/store/${name}";
in
{
  bash = named "bash";
  coreutils = named "coreutils";
  e2fsprogs = named "e2fsprogs";
  parted = named "parted";
  systemd = named "systemd";
  util-linux = named "util-linux";
  gnused = named "gnused";
  openssh = named "openssh";
  wireguard-tools = named "wireguard-tools";
  runtimeShell = "/store/bash/bin/bash";
  requireFile = { name, hash, ... }: "/store/${hash}/${name}";
  runCommandLocal = name: { binary }: _: "/store/by-hash${binary}-${name}";
  writeText = name: text: "/store/${name}:${builtins.hashString "sha256" text}";
  writeShellScript = name: text: "/store/${name}:${builtins.hashString "sha256" text}";
}
