import { DataTypes, Sequelize } from 'sequelize';

export const sequelize = new Sequelize(process.env.DATABASE_URL, {
  dialect: 'postgres',
  logging: false,
  pool: { max: 20 },
});

const id = { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true };

export const Users = sequelize.define('Users', {
  id,
  userid: { type: DataTypes.STRING, allowNull: false, unique: true },
  name: { type: DataTypes.STRING, allowNull: false },
  dob: { type: DataTypes.DATEONLY, allowNull: false },
  gender: { type: DataTypes.ENUM('male', 'female', 'rather_not_say'), allowNull: false },
  email: { type: DataTypes.STRING, allowNull: false, unique: true },
  password: { type: DataTypes.STRING, allowNull: false },
  role: { type: DataTypes.ENUM('user', 'admin', 'support'), defaultValue: 'user' },
  status: {
    type: DataTypes.ENUM('active', 'inactive', 'locked'),
    allowNull: false,
    defaultValue: 'active',
  },
  failed_login_attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
  last_seen: DataTypes.DATE,
  community_rating: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
}, { tableName: 'Users' });

export const hasRoomId = process.env.ROOM_ID === '1';
const roomId = hasRoomId && {
  room_id: { type: DataTypes.UUID, allowNull: false, defaultValue: DataTypes.UUIDV4 },
};

export const CommunityChats = sequelize.define('CommunityChats', {
  id,
  user_id: { type: DataTypes.UUID, allowNull: false },
  ...roomId,
  message: { type: DataTypes.TEXT, allowNull: false },
  edited_at: DataTypes.DATE,
  is_deleted: { type: DataTypes.BOOLEAN, defaultValue: false },
}, {
  tableName: 'CommunityChats',
  underscored: true,
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

Users.hasMany(CommunityChats, { foreignKey: 'user_id', onDelete: 'CASCADE' });
CommunityChats.belongsTo(Users, { foreignKey: 'user_id', as: 'User', onDelete: 'CASCADE' });
