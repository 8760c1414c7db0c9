  field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
  json='Content-Type: application/json'; api=@BASE@; run=walk-$$-$(date +%s)
  # 1. a guest session
  token=$(curl -s $api/sessions -H "$json" -d '{"email":"you@example.org"}' | field access_token)
  me="Authorization: Bearer $token"
  # 2. queue for the arena; the checkout token comes with the admission
  place=$(curl -s $api/events/@ARENA@/waitroom -H "$me" -H "$json" -H "Idempotency-Key: $run-join" \
    -d '{"party":2}' | field id)
  checkout=$(curl -s "$api/places/$place?wait_ms=10000&seen=QUEUED" -H "$me" | field checkout_token)
  # 3. hold the two best seats next to each other
  hold=$(curl -s $api/events/@ARENA@/holds -H "$me" -H "$json" -H "Idempotency-Key: $run-hold" \
    -H "Checkout-Token: $checkout" -d '{"wishes":[{"class":0,"best":{"count":2}}]}' | field id)
  # 4. order them, and pay at the address that comes (a sandbox: no money moves)
  order=$(curl -s $api/orders -H "$me" -H "$json" -H "Idempotency-Key: $run-order" \
    -d "{\"hold\":\"$hold\",\"provider\":\"sandbox\",\"accept_other_seats\":true}" | field id)
  sleep 1; pay=$(curl -s $api/orders/$order -H "$me" | field url); echo "$pay"
  curl -s -o /dev/null -d behaviour=pay "$pay"
  # 5. your tickets, and what happened
  sleep 1; curl -s $api/orders/$order -H "$me"; echo
  curl -s $api/orders/$order/timeline -H "$me"; echo
