# Evaluates one node of a rendered folder without nixpkgs, by the rules of its module system: every option must be declared, by our
# modules or in the tables of options.nix; a value must fit its type; two plain definitions of one option must not differ, be they
# ours or NixOS's own (nixos.nix). What is set of NixOS comes out as it was set, without any default of NixOS.
{
  file,
  firstBoot ? false,
  release ? "25.05",
  more ? { },
}:
let
  inherit (builtins)
    attrNames
    concatLists
    concatStringsSep
    deepSeq
    filter
    foldl'
    head
    isAttrs
    isFunction
    isPath
    isString
    listToAttrs
    map
    mapAttrs
    ;
  inherit (import ./priorities.nix) discharge pushed;
  inherit (import ./types.nix) mergeOption;
  lib = import ./lib.nix // {
    trivial = { inherit release; };
  };
  facts = import ./options.nix { inherit release; };

  arguments = {
    inherit config lib;
    pkgs = import ./pkgs.nix;
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
  modules = collect file ++ collect { clavitor.firstBoot.enable = firstBoot; } ++ collect more;
  definitions = map (module: module.config or (removeAttrs module [ "imports" "options" ])) modules;

  isOption = node: (node._type or "") == "option";
  deep =
    place: a: b:
    if isOption a || isOption b then
      throw "${place}: declared twice"
    else
      a // mapAttrs (name: node: if a ? ${name} then deep "${place}.${name}" a.${name} node else node) b;
  declared = foldl' (deep "options") { } (map (module: module.options or { }) modules);
  options = deep "options" facts.tree declared;

  show = concatStringsSep ".";
  # The sets that define something below a place, each with its conditions pushed down.
  below =
    place: node: defs:
    let
      sets = concatLists (map pushed defs);
      names = attrNames (foldl' (a: b: a // b) { } sets);
      unknown = filter (name: !(node ? ${name}) && !(node ? "*")) names;
    in
    if !(builtins.all isAttrs sets) then
      throw "${show place}: a set of options, and no option"
    else if unknown != [ ] then
      throw "${show (place ++ [ (head unknown) ])}: no option of this name, here or in standin/options.nix"
    else
      {
        inherit names;
        of = name: concatLists (map (set: if set ? ${name} then [ set.${name} ] else [ ]) sets);
      };
  inner = node: name: node.${name} or node."*";

  # What modules read: lazy, with the defaults of our own options.
  read =
    place: node: defs:
    if isOption node then
      mergeOption (show place) node (concatLists (map discharge defs))
    else
      let
        found = below place node defs;
        fixed = removeAttrs node [ "*" ];
        defined = listToAttrs (map (name: { inherit name; value = null; }) found.names);
      in
      mapAttrs (name: _: read (place ++ [ name ]) (inner node name) (found.of name)) (defined // fixed);
  config = read [ ] options definitions;

  # What is set: a list of one value, or of none.
  set =
    place: node: defs:
    if isOption node then
      let
        left = concatLists (map discharge defs);
      in
      if left == [ ] then [ ] else [ (mergeOption (show place) node left) ]
    else
      let
        found = below place node defs;
        values = concatLists (
          map (name: map (value: { inherit name value; }) (set (place ++ [ name ]) (inner node name) (found.of name))) found.names
        );
      in
      if values == [ ] then [ ] else [ (listToAttrs values) ];
  ours = head (set [ ] options definitions);
  together = head (set [ ] options (definitions ++ [ (import ./nixos.nix { inherit lib; }) ]));

  # Options of ours without a description or a type.
  undescribed =
    place: node:
    if isOption node then
      if node ? type && node ? description && builtins.stringLength node.description > 10 then [ ] else [ place ]
    else
      concatLists (map (name: undescribed "${place}.${name}" node.${name}) (attrNames node));
  failed = map (found: found.message) (filter (found: !found.assertion) ours.assertions);
in
deepSeq ours (deepSeq together {
  config = removeAttrs ours [ "clavitor" "assertions" ] // {
    services = removeAttrs ours.services [ "clavitor" ];
  };
  failed = failed ++ import ./rules.nix { inherit lib release; } together;
  undescribed = undescribed "options" declared;
})
