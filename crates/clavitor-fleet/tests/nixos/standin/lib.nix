# The few functions of nixpkgs' library that our modules use, enough to evaluate them where nixpkgs is not at hand.
# A function that is missing here fails the evaluation by its name, so nothing is used by accident.
let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    listToAttrs
    map
    replaceStrings
    ;
  priorities = import ./priorities.nix;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    filter
    listToAttrs
    mapAttrs
    ;
  types = {
    inherit (import ./types.nix)
      attrsOf
      bool
      enum
      int
      listOf
      nullOr
      package
      port
      str
      strMatching
      submodule
      ;
  };
  mkOption = option: option // { _type = "option"; };
  mkEnableOption = what: mkOption {
    type = types.bool;
    default = false;
    description = "Whether to enable ${what}.";
  };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkDefault = priorities.override 1000;
  mkForce = priorities.override 50;
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  optional = condition: value: if condition then [ value ] else [ ];
  optionalAttrs = condition: set: if condition then set else { };
  versionOlder = a: b: builtins.compareVersions a b < 0;
  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = function: set: map (name: function name set.${name}) (attrNames set);
  filterAttrs =
    keep: set:
    listToAttrs (map (name: nameValuePair name set.${name}) (filter (name: keep name set.${name}) (attrNames set)));
  concatStrings = concatStringsSep "";
  concatMapStrings = function: list: concatStrings (map function list);
  hasInfix = part: text: replaceStrings [ part ] [ "" ] text != text;
  makeBinPath = list: concatStringsSep ":" (map (package: "${package}/bin") list);
  escapeShellArg = text: escapeShellArgs [ text ];
  escapeShellArgs = list: concatStringsSep " " (map (text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'") list);
}
