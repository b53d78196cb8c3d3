/** The shelf: the folder from which clients take ready endpoints by rename. See docs/shelf.md. */
export { type OpenShelf, openShelf } from './open-shelf.js';
