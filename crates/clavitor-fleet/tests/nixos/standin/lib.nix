# The few functions of nixpkgs' library that our modules use, enough to evaluate them where nixpkgs is not at hand.
# A function that is missing here fails the evaluation by its name, so nothing is used by accident.
let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatLists
    concatStringsSep
    elem
    filter
    head
    isAttrs
    isBool
    isInt
    isList
    isString
    length
    listToAttrs
    map
    match
    replaceStrings
    stringLength
    substring
    ;
  last = list: builtins.elemAt list (length list - 1);

  # A type says what it takes and how several definitions become one.
  one =
    name: check:
    {
      inherit name check;
      merge =
        place: values:
        if !all check values then
          throw "${place}: not ${name}"
        else if all (value: value == head values) values then
          head values
        else
          throw "${place}: two different definitions";
    };
  types = rec {
    bool = one "bool" isBool;
    int = one "int" isInt;
    str = one "str" isString;
    package = one "package" (value: isString value || isAttrs value);
    port = one "port" (value: isInt value && value >= 0 && value < 65536);
    enum = values: one "one of ${toString values}" (value: elem value values);
    strMatching = pattern: one "a string of the pattern ${pattern}" (value: isString value && match pattern value != null);
    nullOr = type: {
      name = "null or ${type.name}";
      check = value: value == null || type.check value;
      merge = place: values: if last values == null then null else type.merge place values;
    };
    listOf = type: {
      name = "list of ${type.name}";
      check = isList;
      merge = place: values: map (value: type.merge place [ value ]) (concatLists values);
    };
    attrsOf = type: {
      name = "set of ${type.name}";
      check = isAttrs;
      merge =
        place: values:
        let
          names = attrNames (builtins.foldl' (a: b: a // b) { } values);
          found = name: concatLists (map (value: if value ? ${name} then discharge value.${name} else [ ]) values);
        in
        listToAttrs (
          map (name: {
            inherit name;
            value = type.merge "${place}.${name}" (highest (found name));
          }) names
        );
    };
    submodule = module: {
      name = "submodule";
      check = isAttrs;
      merge =
        place: values:
        builtins.mapAttrs (
          name: option:
          let
            defined = concatLists (map (value: if value ? ${name} then [ value.${name} ] else [ ]) values);
            unknown = filter (name: !(module.options ? ${name})) (concatLists (map attrNames values));
          in
          if unknown != [ ] then
            throw "${place}: no option ${toString unknown}"
          else
            mergeOption "${place}.${name}" option (map (value: { inherit value; priority = 100; }) defined)
        ) module.options;
    };
  };

  # The definitions that are left of one: conditions taken, priorities noted.
  discharge =
    def:
    if isAttrs def && def ? _type then
      if def._type == "if" then
        if def.condition then discharge def.content else [ ]
      else if def._type == "merge" then
        concatLists (map discharge def.contents)
      else if def._type == "override" then
        map (inner: inner // { inherit (def) priority; }) (discharge def.content)
      else
        [ { value = def; priority = 100; } ]
    else
      [ { value = def; priority = 100; } ];
  highest =
    defs:
    let
      least = builtins.foldl' (a: b: if b.priority < a then b.priority else a) 10000 defs;
    in
    map (def: def.value) (filter (def: def.priority == least) defs);
  mergeOption =
    place: option: defs:
    if defs != [ ] then
      option.type.merge place (highest defs)
    else if option ? default then
      option.default
    else
      throw "${place}: used and not defined";

  override = priority: content: {
    _type = "override";
    inherit priority content;
  };
in
rec {
  inherit
    attrNames
    attrValues
    discharge
    highest
    listToAttrs
    mergeOption
    types
    ;
  inherit (builtins) concatMap filter mapAttrs;
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
  mkDefault = override 1000;
  mkForce = override 50;
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  optional = condition: value: if condition then [ value ] else [ ];
  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = function: set: map (name: function name set.${name}) (attrNames set);
  filterAttrs =
    keep: set:
    listToAttrs (map (name: nameValuePair name set.${name}) (filter (name: keep name set.${name}) (attrNames set)));
  concatStrings = concatStringsSep "";
  concatMapStrings = function: list: concatStrings (map function list);
  hasInfix = part: text: replaceStrings [ part ] [ "" ] text != text;
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  removePrefix =
    prefix: text:
    let
      size = stringLength prefix;
    in
    if substring 0 size text == prefix then substring size (stringLength text - size) text else text;
  makeBinPath = list: concatStringsSep ":" (map (package: "${package}/bin") list);
  escapeShellArg = text: escapeShellArgs [ text ];
  escapeShellArgs = list: concatStringsSep " " (map (text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'") list);
}
