import { wsContract } from "./ws-contract.ts";

wsContract("ws");
