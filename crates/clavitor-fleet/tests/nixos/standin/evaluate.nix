# Evaluates one node of a rendered folder without nixpkgs: our options are checked against their types, conditions and priorities
# are taken, and what is set of NixOS comes out as it was set, without any default of NixOS.
{ file, firstBoot ? false }:
let
  lib = import ./lib.nix;
  inherit (builtins)
    attrNames
    concatLists
    elem
    filter
    foldl'
    isAttrs
    isFunction
    isList
    isPath
    isString
    map
    mapAttrs
    ;
  pkgs = import ./pkgs.nix;
  arguments = {
    inherit config lib pkgs;
    modulesPath = toString ./modules;
  };
  load =
    module:
    let
      opened = if isPath module || isString module then import module else module;
    in
    if isFunction opened then opened arguments else opened;
  collect =
    module:
    let
      loaded = load module;
    in
    concatLists (map collect (loaded.imports or [ ])) ++ [ loaded ];
  # What NixOS itself would say, and our modules read.
  nixos = {
    nix.package = "/store/nix";
    systemd.package = "/store/systemd";
  };
  modules = collect file ++ collect { clavitor.firstBoot.enable = firstBoot; } ++ collect nixos;
  options = foldl' deep { } (map (module: module.options or { }) modules);
  definitions = map (module: module.config or (removeAttrs module [ "imports" "options" ])) modules;

  isOption = value: (value._type or "") == "option";
  isMark = value: isAttrs value && elem (value._type or "") [ "if" "merge" "override" ];
  deep =
    a: b:
    a
    // mapAttrs (name: value: if a ? ${name} && isAttrs value && !(isOption value) then deep a.${name} value else value) b;

  # Conditions and priorities of a set become those of its attributes, so that no condition is asked for the sake of a name.
  pushed =
    def:
    if !isMark def then
      [ def ]
    else if def._type == "merge" then
      concatLists (map pushed def.contents)
    else
      map (inner: if isAttrs inner && !isMark inner then mapAttrs (_: content: def // { inherit content; }) inner else def // { content = inner; }) (
        pushed def.content
      );
  isPlain = def: isAttrs def && !isMark def && !(def ? outPath);
  # Texts of these options are put together when there are several.
  lines = [ "extraInputRules" "extraForwardRules" ];
  last = list: builtins.elemAt list (builtins.length list - 1);

  merge =
    place: option: defs:
    let
      # Where options of ours lie below, no condition is asked yet: it may depend on one of them.
      structural = place == [ ] || (option != { } && !isOption option);
      discharged = concatLists (map lib.discharge defs);
      all = if structural then concatLists (map pushed defs) else map (def: def.value) discharged;
      names = filter keep (attrNames (foldl' (a: b: a // b) { } all));
      below = name: concatLists (map (def: if def ? ${name} then [ def.${name} ] else [ ]) all);
      keep = name: place == [ ] || option ? ${name} || builtins.any remains (below name);
      # Whether anything is left of a definition once its conditions are taken.
      remains =
        def:
        if isMark def then
          lib.discharge def != [ ]
        else if isPlain def && def != { } then
          builtins.any (name: remains def.${name}) (attrNames def)
        else
          true;
      values = lib.highest discharged;
      place' = builtins.concatStringsSep "." place;
      unknown = filter (name: !(option ? ${name})) (attrNames (foldl' (a: b: a // b) { } all));
      declaredOnly = builtins.head (place ++ [ "" ]) == "clavitor" || lib.hasPrefix "services.clavitor" place';
    in
    if isOption option then
      lib.mergeOption place' option discharged
    else if declaredOnly && unknown != [ ] then
      throw "${place'}: no option ${toString unknown}"
    else if all == [ ] || builtins.all isPlain all then
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = merge (place ++ [ name ]) (option.${name} or { }) (below name);
        }) (attrNames (builtins.listToAttrs (map (name: { inherit name; value = null; }) (names ++ attrNames option))))
      )
    else if values == [ ] then
      null
    else if builtins.all isList values then
      concatLists values
    else if builtins.all (value: value == builtins.head values) values then
      builtins.head values
    else if elem (last place) lines then
      builtins.concatStringsSep "\n" values
    else
      throw "${place'}: two different definitions";

  config = merge [ ] options definitions;

  # Options without a description or a type, and options that are neither required nor given an example by their default.
  undescribed =
    place: option:
    if isOption option then
      if option ? type && option ? description && builtins.stringLength option.description > 10 then [ ] else [ place ]
    else
      concatLists (map (name: undescribed "${place}.${name}" option.${name}) (attrNames option));
in
{
  config = removeAttrs config [ "clavitor" ] // {
    services = removeAttrs config.services [ "clavitor" ];
  };
  failed = map (found: found.message) (filter (found: !found.assertion) config.assertions);
  undescribed = undescribed "options" options;
}
