# What conditions and priorities make of definitions, before a type sees them.
let
  inherit (builtins)
    concatLists
    elem
    filter
    foldl'
    isAttrs
    map
    mapAttrs
    ;
  plain = 100;
in
rec {
  isMark = value: isAttrs value && elem (value._type or "") [ "if" "merge" "override" ];

  override = priority: content: {
    _type = "override";
    inherit priority content;
  };

  # The definitions that are left of one: conditions taken, priorities noted.
  discharge =
    def:
    if !isMark def then
      [ { value = def; priority = plain; } ]
    else if def._type == "merge" then
      concatLists (map discharge def.contents)
    else if def._type == "if" then
      if def.condition then discharge def.content else [ ]
    else
      map (inner: inner // { inherit (def) priority; }) (discharge def.content);

  # The values that count: those of the strongest priority.
  highest =
    defs:
    let
      least = foldl' (least: def: if def.priority < least then def.priority else least) 10000 defs;
    in
    map (def: def.value) (filter (def: def.priority == least) defs);

  # Marks of a set become marks of its attributes, so that no condition is asked for the sake of a name.
  pushed =
    def:
    if !isMark def then
      [ def ]
    else if def._type == "merge" then
      concatLists (map pushed def.contents)
    else
      map (
        inner:
        if isAttrs inner && !isMark inner then mapAttrs (_: content: def // { inherit content; }) inner else def // { content = inner; }
      ) (pushed def.content);
}
