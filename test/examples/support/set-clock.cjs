// Preloaded into every Node.js process of a run: CLOCK is the day that it takes for today. The clock goes on from there.
const offset = Date.parse(process.env.CLOCK) - Date.now();
const RealDate = Date;

globalThis.Date = class extends RealDate {
    constructor(...args) {
        super(...(args.length === 0 ? [RealDate.now() + offset] : args));
    }

    static now() {
        return RealDate.now() + offset;
    }
};
