// Imported before all that it is to keep.
import { keepCompiled } from "../compile-cache";

keepCompiled();
