import { Type } from "@fastify/type-provider-typebox";
import type { PhoneChange, PhoneRegistration, RegisteredPhone } from "../../service/phones.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { ChangePhoneBody, CreatedPhoneBody, CreatePhoneBody, PasswordBody, PhoneBody } from "./phone-schemas.ts";
import { IdParams, instant, strict } from "./shapes.ts";

const ListQuery = Type.Object(pageQuery, strict);

/** `/phones`: softphones and desk phones that register with us. */
export function phoneRoutes(app: TypedApp): void {
  app.post(
    "/phones",
    {
      schema: {
        operationId: "createPhone",
        tags: ["phones"],
        description: "Without `password` one is made up and shown in this answer only.",
        body: CreatePhoneBody,
        response: { 201: CreatedPhoneBody, ...refusals(409) },
      },
    },
    async ({ body, tenant, apiKey }, reply) => {
      const settings = { ...readPhone(body), username: body.username };
      const { phone, password } = await tenant.phones.create(settings, apiKey);
      return reply.code(201).send({ ...renderPhone(phone), password });
    },
  );
  app.get(
    "/phones",
    {
      schema: {
        operationId: "listPhones",
        tags: ["phones"],
        querystring: ListQuery,
        response: { 200: listOf(PhoneBody), ...refusals() },
      },
    },
    async (request) => renderPage(await request.tenant.phones.list(readPage(request.query)), renderPhone),
  );
  app.get(
    "/phones/:id",
    {
      schema: {
        operationId: "getPhone",
        tags: ["phones"],
        params: IdParams,
        response: { 200: PhoneBody, ...refusals(404) },
      },
    },
    async (request) => renderPhone(await request.tenant.phones.get(request.params.id)),
  );
  app.patch(
    "/phones/:id",
    {
      schema: {
        operationId: "changePhone",
        tags: ["phones"],
        description: "What is missing stays. Another user name or password ends its registrations.",
        params: IdParams,
        body: ChangePhoneBody,
        response: { 200: PhoneBody, ...refusals(404, 409) },
      },
    },
    async ({ params, body, tenant, apiKey }) =>
      renderPhone(await tenant.phones.update(params.id, readPhone(body), apiKey)),
  );
  app.delete(
    "/phones/:id",
    {
      schema: {
        operationId: "deletePhone",
        tags: ["phones"],
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async (request, reply) => {
      await request.tenant.phones.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/phones/:id/rotate-password",
    {
      schema: {
        operationId: "rotatePhonePassword",
        tags: ["phones"],
        params: IdParams,
        response: { 200: PasswordBody, ...refusals(404) },
      },
    },
    async (request) => ({ password: await request.tenant.phones.rotatePassword(request.params.id) }),
  );
}

function readPhone(body: ChangePhoneBody): PhoneChange {
  return {
    username: body.username,
    // The shape was checked by its pattern.
    number: body.number as PhoneChange["number"],
    label: body.label,
    mayCall: body.may_call,
    enabled: body.enabled,
    password: body.password,
  };
}

function renderPhone(phone: RegisteredPhone): PhoneBody {
  return {
    id: phone.id,
    username: phone.username,
    number: phone.number,
    label: phone.label,
    may_call: phone.mayCall,
    enabled: phone.enabled,
    registrations: phone.registrations.map(renderRegistration),
    created_at: instant(phone.createdAt),
    updated_at: instant(phone.updatedAt),
  };
}

function renderRegistration(registration: PhoneRegistration): PhoneBody["registrations"][number] {
  return {
    contact: registration.contact,
    user_agent: registration.userAgent,
    expires_at: instant(registration.expiresAt),
    transport: registration.transport,
    address: registration.address,
    port: registration.port,
  };
}
