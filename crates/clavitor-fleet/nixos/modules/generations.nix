# Two generations by count, so that there is always one to go back to; and none removed while a deploy may still go back.
{ pkgs, config, ... }:
{
  systemd.tmpfiles.rules = [ "d /run/clavitor-fleet 0755 root root -" ];

  # The number for whoever asks without reading links: the node's reports, the deploy.
  systemd.services.clavitor-generation = {
    description = "Number of the system's generation";
    wantedBy = [ "multi-user.target" ];
    after = [ "systemd-tmpfiles-setup.service" ];
    path = [ pkgs.coreutils ];
    environment.PROFILE = "/nix/var/nix/profiles/system";
    environment.RUN = "/run/clavitor-fleet";
    serviceConfig.Type = "oneshot";
    script = builtins.readFile ./scripts/generation.sh;
  };
  systemd.paths.clavitor-generation = {
    description = "A new generation of the system";
    wantedBy = [ "multi-user.target" ];
    pathConfig.PathChanged = "/nix/var/nix/profiles";
  };

  systemd.services.clavitor-generations = {
    description = "Keep two generations of the system";
    path = [
      config.nix.package
      config.systemd.package
      pkgs.coreutils
      pkgs.findutils
      pkgs.util-linux
    ];
    environment.PROFILE = "/nix/var/nix/profiles/system";
    environment.RUN = "/run/clavitor-fleet";
    environment.GENERATIONS_KEPT = "2";
    serviceConfig.Type = "oneshot";
    # A deploy is undecided: nothing is wrong, and the next week comes.
    serviceConfig.SuccessExitStatus = "75";
    script = builtins.readFile ./scripts/generations.sh;
  };
  systemd.timers.clavitor-generations = {
    description = "Keep two generations of the system";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = "Sun 03:30 UTC";
      RandomizedDelaySec = "2h";
      Persistent = true;
    };
  };
}
