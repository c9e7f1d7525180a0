# Types: what each takes, and how several definitions of one option become one value. As in NixOS, two definitions that differ
# clash where a type holds one value, and are put together where it holds many.
let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatStringsSep
    elem
    filter
    foldl'
    head
    isAttrs
    isBool
    isInt
    isList
    isPath
    isString
    length
    listToAttrs
    map
    match
    ;
  inherit (import ./priorities.nix) discharge highest;

  checked =
    name: check: merge:
    {
      inherit name check;
      merge = place: values: if all check values then merge place values else throw "${place}: not ${name}";
    };
  # One value. The same one may be given twice.
  one =
    name: check:
    checked name check (
      place: values:
      if all (value: value == head values) values then head values else throw "${place}: two different definitions"
    );
  # One value, given once.
  once =
    name: check:
    checked name check (place: values: if length values == 1 then head values else throw "${place}: defined twice");

  names = values: attrNames (foldl' (a: b: a // b) { } values);
  # The definitions of an attribute that are left of several sets.
  found = name: values: concatLists (map (value: if value ? ${name} then discharge value.${name} else [ ]) values);

  unit = "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|target|path|timer|mount|slice)";
in
rec {
  bool = one "bool" isBool;
  int = one "int" isInt;
  str = one "str" isString;
  positive = one "a positive int" (value: isInt value && value > 0);
  port = one "port" (value: isInt value && value >= 0 && value < 65536);
  package = once "package" (value: (isAttrs value && value.type or "" == "derivation") || (isString value && match "/store/.*" value != null));
  path = one "path" (value: isPath value || (isString value && match "/.*" value != null));
  raw = once "a value" (_: true);
  # A parameter of the kernel: not even the same value twice.
  sysctl = once "bool, int, str or null" (value: value == null || isBool value || isInt value || isString value);
  lines = checked "lines" isString (_: concatStringsSep "\n");
  enum = values: one "one of ${toString values}" (value: elem value values);
  strMatching = pattern: one "a string of the pattern ${pattern}" (value: isString value && match pattern value != null);
  line = strMatching "[^\n]*";
  # A field of /etc/passwd or /etc/shadow.
  passwdField = strMatching "[^:\n]*";
  # The name of a unit.
  unitName = strMatching unit;
  # A directive of a unit: given once, or a list of lines, and never both.
  directive =
    let
      atom = value: isBool value || isInt value || isString value || isPath value || package.check value;
    in
    checked "a directive" (value: atom value || (isList value && all atom value)) (
      place: values:
      if all isList values then
        concatLists values
      else if all (value: value == head values) values then
        head values
      else
        throw "${place}: two different definitions"
    );

  nullOr = type: {
    name = "null or ${type.name}";
    check = value: value == null || type.check value;
    merge =
      place: values:
      if all (value: value == null) values then
        null
      else if elem null values then
        throw "${place}: two different definitions"
      else
        type.merge place values;
  };
  oneOf = alternatives: rec {
    name = concatStringsSep " or " (map (type: type.name) alternatives);
    check = value: builtins.any (type: type.check value) alternatives;
    merge =
      place: values:
      let
        fits = filter (type: all type.check values) alternatives;
      in
      if fits == [ ] then throw "${place}: not ${name}" else (head fits).merge place values;
  };
  listOf =
    type:
    checked "list of ${type.name}" isList (
      place: values: map (value: type.merge place (highest (discharge value))) (concatLists values)
    );
  attrsOf =
    type:
    checked "set of ${type.name}" isAttrs (
      place: values:
      listToAttrs (
        concatLists (
          map (
            name:
            let
              left = highest (found name values);
            in
            if left == [ ] then
              [ ]
            else
              [
                {
                  inherit name;
                  value = type.merge "${place}.${name}" left;
                }
              ]
          ) (names values)
        )
      )
    );
  # Options of one element, with their defaults: what our own modules declare.
  submodule =
    { options }:
    checked "submodule" isAttrs (
      place: values:
      let
        unknown = filter (name: !(options ? ${name})) (names values);
      in
      if unknown != [ ] then
        throw "${place}: no option ${toString unknown}"
      else
        builtins.mapAttrs (name: option: mergeOption "${place}.${name}" option (found name values)) options
    );
  # The same for an element of NixOS's: what is not set does not appear.
  fields =
    options:
    checked "submodule" isAttrs (
      place: values:
      let
        unknown = filter (name: !(options ? ${name})) (names values);
        set = filter (name: found name values != [ ]) (names values);
      in
      if unknown != [ ] then
        throw "${place}: no option ${toString unknown}"
      else
        listToAttrs (
          map (name: {
            inherit name;
            value = options.${name}.merge "${place}.${name}" (highest (found name values));
          }) set
        )
    );

  mergeOption =
    place: option: defs:
    if defs != [ ] then
      option.type.merge place (highest defs)
    else if option ? default then
      option.default
    else
      throw "${place}: used and not defined";
}
