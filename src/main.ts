/** Entry of the gateway process. */
export {};
