# The released static program as a package, by its hash: a generation holds exactly the bytes that were released, and a rollback
# brings the old ones back. Nothing is fetched: `nix-store --add-fixed sha256 FILE` puts the file where the build looks for it.
{ pkgs, release }:
let
  binary = pkgs.requireFile {
    name = "clavitor-${release.version}";
    inherit (release) hash;
    message = ''
      The program clavitor ${release.version} (${release.hash}) is not in the store.
      Build it with scripts/dist, or take the released file, name it clavitor-${release.version}, and type:
        nix-store --add-fixed sha256 clavitor-${release.version}
      The hash of "no release" is all zeros: render again with --binary FILE --release VERSION.
    '';
  };
in
pkgs.runCommandLocal "clavitor-${release.version}" { inherit binary; } ''
  install -D -m 555 "$binary" "$out/bin/clavitor"
''
