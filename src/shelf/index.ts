/** The folder from which clients take ready endpoints by rename, and what the daemon reads from it. See docs/shelf.md. */
export { FileShelf } from './file-shelf.js';
export { type OpenShelf, openShelf } from './open-shelf.js';
export { peekTaken } from './peek.js';
export { recoverShelf } from './recover.js';
export { ShelfFolder } from './shelf-folder.js';
