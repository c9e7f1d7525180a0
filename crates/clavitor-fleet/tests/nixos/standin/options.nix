# The options of NixOS that we set or read, and no other: a definition of one that is not here fails. One table for each part of
# the system, and in it for each file of nixpkgs that declares options: the oldest and the newest release whose text or option
# list was looked at, and each option with its type. 26.11 is the main branch before that release. Where the oldest is later than
# 25.05, that the option was there in 25.05 rests on the release notes, which name no change of it. These are facts that we noted,
# no code of nixpkgs.
{ release }:
let
  types = import ./types.nix;
  inherit (builtins)
    attrNames
    compareVersions
    concatLists
    filter
    foldl'
    head
    isString
    map
    split
    tail
    ;

  words = types // {
    # An option that we count on up to a release, and no longer.
    until = last: type: {
      inherit last type;
    };
    # A name that older configurations know and NixOS refuses or warns about.
    gone = instead: { inherit instead; };
    # An option that our modules read and never set.
    given = type: value: {
      inherit type;
      default = value;
    };
  };
  refused = says: {
    name = "nothing";
    check = _: true;
    merge = place: _: throw "${place}: ${says}";
  };
  option =
    file: looked: path: entry:
    {
      _type = "option";
      inherit file looked path;
      # Whether our modules set it, and it is no warning sign.
      isSet = !(entry ? instead || entry ? default);
    }
    // (
      if entry ? instead then
        { type = refused "renamed or removed in NixOS: ${entry.instead}"; }
      else if entry ? last then
        {
          type = if compareVersions release entry.last > 0 then refused "not counted on after ${entry.last}" else entry.type;
        }
      else if entry ? merge then
        { type = entry; }
      else
        entry
    );

  tables = map (file: import file words) [
    ./options/boot.nix
    ./options/network.nix
    ./options/services.nix
    ./options/system.nix
    ./options/systemd.nix
  ];
  entries = concatLists (
    map (
      table:
      concatLists (
        map (
          file:
          let
            of = table.${file};
          in
          map (path: option file of.looked path of.options.${path}) (attrNames of.options)
        ) (attrNames table)
      )
    ) tables
  );
  nested = names: leaf: if names == [ ] then leaf else { ${head names} = nested (tail names) leaf; };
  names = path: filter isString (split "[.]" path);
  deep =
    a: b:
    if (a._type or "") == "option" || (b._type or "") == "option" then
      throw "options: ${(if a ? path then a else b).path} is an option and a set of options"
    else
      a // builtins.mapAttrs (name: value: if a ? ${name} then deep a.${name} value else value) b;
in
{
  tree = foldl' deep { } (map (entry: nested (names entry.path) entry) entries);
  inherit entries;
}
