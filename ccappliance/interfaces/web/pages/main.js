// Where the console begins: each desk is imported here, and then the shell starts.

import { start } from './app.js';
import './supervisor/desk.js';

start();
