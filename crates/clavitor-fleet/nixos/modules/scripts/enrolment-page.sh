# Answers one caller on port 80 with the enrolment record. Reads the head of the request and forgets it.
lines=0
while IFS= read -r -t 5 -n 2048 line; do
  [ -n "${line%$'\r'}" ] || break
  lines=$((lines + 1))
  [ "$lines" -lt 64 ] || break
done
if [ -s "$RECORD" ]; then
  printf 'HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n'
  printf 'cache-control: no-store\r\ncontent-length: %s\r\nconnection: close\r\n\r\n' "$(wc -c <"$RECORD")"
  cat "$RECORD"
else
  printf 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
fi
