# What the kernel refuses, to root's programs as well.
{ pkgs, ... }:
{
  boot.kernel.sysctl = {
    "kernel.yama.ptrace_scope" = 2;
    "kernel.unprivileged_bpf_disabled" = 1;
    "net.core.bpf_jit_harden" = 2;
    "kernel.kptr_restrict" = 2;
    "kernel.dmesg_restrict" = 1;
    "kernel.kexec_load_disabled" = 1;
    "kernel.sysrq" = 0;
    "fs.suid_dumpable" = 0;
    "fs.protected_fifos" = 2;
    "fs.protected_regular" = 2;
    # A dump of memory would hold what is never written to disk.
    "kernel.core_pattern" = "|${pkgs.coreutils}/bin/false";
  };
  systemd.coredump.enable = false;
}
