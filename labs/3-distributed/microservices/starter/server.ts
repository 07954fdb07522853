/**
 * The Tavern as it is: one process. brief.md says what it is to become, and each TODO names the checkpoint that it is
 * missing for. The monolith beside this file is given: split it, and keep it as it is to compare with.
 */

// TODO(bad-settings): an invalid variable, no database or a port in use ends the start with one line.
// TODO(own-processes): accounts, quests, rewards and the gateway are processes of their own, each with its SERVICE line.
// TODO(graceful-stop): on SIGTERM the whole system ends with code 0, and no process is left.

// TODO(own-schema): each service has a schema of its own, and the database refuses the others.
// TODO(own-role): each service is connected as its own role.

// TODO(gateway-only): a service answers nobody but the gateway, and listens on 127.0.0.1 alone.
// TODO(logs-together): all that a request sets off can be found in the logs by it.
// TODO(service-down): while a service is down there is one answer, a 503 with Retry-After.
// TODO(slow-service): a service that does not answer costs UPSTREAM_TIMEOUT_MS at the most.
// TODO(partial-offer): an offer says what is known when rewards is away.

// TODO(lost-event): a crash between commit and publish loses no event.
// TODO(ghost-event): what was never committed is told to nobody.
// TODO(event-once): an event that comes again has no second effect.
// TODO(broker-away): requests are answered without the broker, and what they set off happens afterwards.
// TODO(newer-minor): events of other minor versions are understood.
// TODO(newer-major): what cannot be read is parked, and holds up nobody.

// TODO(saga-compensates): refused is said when everything is taken back.
// TODO(crash-accepting): a saga whose services crash at every point ends accepted.
// TODO(crash-refusing): a saga that is refused while its services crash gives everything back, once.
// TODO(sagas-at-once): many sagas at once never promise more gold than there is.

// TODO(http-contracts): quests and rewards keep the contracts of the gateway.
// TODO(event-contracts): what is published keeps the contracts of those who read it, and outlives the broker's restart.
import './monolith/server.ts';
