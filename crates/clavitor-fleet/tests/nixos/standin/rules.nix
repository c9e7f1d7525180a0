# Assertions and warnings of NixOS's modules that a configuration such as ours could raise, said again in our own words: each is a condition
# on what is set, and the file that has it.
{ lib, release }:
set:
let
  inherit (builtins)
    all
    any
    attrValues
    concatLists
    elem
    filter
    map
    ;
  inherit (set) networking services systemd users;
  interfaces = attrValues networking.wireguard.interfaces;
  units = concatLists (
    map (kind: lib.mapAttrsToList (name: unit: { inherit name unit; }) (systemd.${kind} or { })) [ "services" "sockets" "timers" "paths" ]
  );
  online = "network-online.target";

  rules = [
    {
      file = "services/networking/firewall.nix";
      says = "filterForward wants nftables";
      holds = networking.firewall.filterForward -> networking.nftables.enable;
    }
    {
      file = "services/networking/firewall-nftables.nix";
      says = "input and forward rules are taken by nftables only";
      holds = networking.firewall ? extraInputRules -> networking.nftables.enable;
    }
    {
      file = "services/networking/wireguard.nix";
      says = "an interface wants exactly one private key";
      holds = all (interface: interface.privateKeyFile or null != null) interfaces;
    }
    {
      file = "services/networking/ssh/sshd.nix";
      says = "a listen address wants an address";
      holds = all (at: at.addr or null != null) services.openssh.listenAddresses;
    }
    {
      file = "services/networking/ssh/sshd.nix";
      says = "X11 forwarding wants xauth";
      holds = !services.openssh.settings.X11Forwarding;
    }
    {
      file = "config/users-groups.nix";
      says = "immutable users want a way in, or users.allowNoPasswordLogin";
      holds =
        users.mutableUsers || users.allowNoPasswordLogin || any (user: user.openssh.authorizedKeys.keys or [ ] != [ ]) (attrValues users.users);
    }
    {
      file = "config/users-groups.nix";
      says = "a password's hash is of a known form, or one of the words for none";
      holds = all (user: elem (user.hashedPassword or null) [ null "!" "!!" "*" ]) (attrValues users.users);
    }
    {
      file = "system/boot/systemd.nix";
      says = "what is ordered after ${online} wants it";
      holds = all ({ unit, ... }: elem online (unit.after or [ ]) -> elem online (unit.wants or [ ] ++ unit.requires or [ ])) units;
    }
    {
      file = "system/boot/systemd.nix";
      says = "a oneshot service is not restarted when it succeeds";
      holds = all (
        { unit, ... }: unit.serviceConfig.Type or "" == "oneshot" -> !(elem (unit.serviceConfig.Restart or "no") [ "always" "on-success" ])
      ) units;
    }
    {
      file = "misc/nixpkgs-flake.nix";
      says = "setNixPath wants setFlakeRegistry";
      # Both are on in a flake unless they are turned off.
      holds = (set.nixpkgs.flake.setNixPath or true) -> (set.nixpkgs.flake.setFlakeRegistry or true);
    }
    {
      file = "system/boot/grow-partition.nix, as it was before 24.11";
      says = "systemd in the first stage does not grow the partition";
      holds = lib.versionOlder release "24.11" -> !(set.boot.growPartition && set.boot.initrd.systemd.enable);
    }
    {
      file = "system/boot/loader/grub/grub.nix";
      says = "a boot loader's disk is an absolute path";
      holds = builtins.substring 0 1 set.boot.loader.grub.device == "/";
    }
    {
      file = "tasks/filesystems.nix";
      says = "a file system has a device and, from 26.05, a kind; one that grows is of a kind that can";
      holds = all (of: of ? device && of ? fsType && (of.autoResize or false -> elem of.fsType [ "ext3" "ext4" "btrfs" "xfs" ])) (
        attrValues set.fileSystems
      );
    }
  ];
in
map (rule: "${rule.file}: ${rule.says}") (filter (rule: !rule.holds) rules)
