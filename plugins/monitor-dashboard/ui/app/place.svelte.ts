import { addressOf, type Place, placeOf } from '../pure/address.ts';

const here = (): Place => placeOf(location.pathname, location.search);

class Address {
  place = $state.raw<Place>(here());

  constructor() {
    addEventListener('popstate', () => {
      this.place = here();
    });
  }

  go(place: Place): void {
    history.pushState(null, '', addressOf(place));
    this.place = place;
  }

  /** As go(), without a step to go back over. */
  stay(place: Place): void {
    history.replaceState(null, '', addressOf(place));
    this.place = place;
  }
}

export const address = new Address();

/** Of a link within the page: followed here, unless it is to be opened elsewhere. */
export function follow(event: MouseEvent, place: Place): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  address.go(place);
}
