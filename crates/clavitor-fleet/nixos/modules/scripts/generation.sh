# Writes the number of the system's generation to $RUN/nix_gen, in one step.
link=$(readlink "$PROFILE")
number=${link##*/}
number=${number#system-}
number=${number%-link}
case $number in
  '' | *[!0-9]*)
    echo "$PROFILE does not name a generation: $link" >&2
    exit 1
    ;;
esac
printf '%s\n' "$number" >"$RUN/nix_gen.new"
chmod 0644 "$RUN/nix_gen.new"
mv "$RUN/nix_gen.new" "$RUN/nix_gen"
